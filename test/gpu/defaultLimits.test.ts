import { structureTrials } from '../../src/selftest/cases/structure.ts';
import { testDefaultLimits } from './testDefaultLimits.ts';

testDefaultLimits({ structure: structureTrials });
