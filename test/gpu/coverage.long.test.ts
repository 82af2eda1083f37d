import { testCoverage } from './coverage.ts';

testCoverage({ seeds: 200, least: 0.9, most: 0.99 });
