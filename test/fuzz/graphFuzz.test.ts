import { testGraphs } from './testGraphs.ts';

testGraphs(400, false);
