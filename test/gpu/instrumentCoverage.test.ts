import { testInstrumentCoverage } from './instrumentCoverage.ts';

// 95 %, less three standard deviations of a share of 40.
testInstrumentCoverage({ draws: 40, least: 0.95 - 3 * Math.sqrt((0.95 * 0.05) / 40), most: 1 });
