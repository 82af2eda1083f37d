import { testInstrumentCoverage } from './instrumentCoverage.ts';

testInstrumentCoverage({ draws: 200, least: 0.9, most: 0.99 });
