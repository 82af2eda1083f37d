import { testGraphs } from './testGraphs.ts';

const graphs = Number(process.env.BASIN_FUZZ_GRAPHS ?? 2000);
testGraphs(graphs, graphs >= 2000);
