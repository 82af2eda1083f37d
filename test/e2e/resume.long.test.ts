import { testKilledRun } from './testKilledRun.ts';

testKilledRun('node', Number(process.env.BASIN_KILLS ?? 10));
