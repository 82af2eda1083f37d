import { engineTrials } from '../../src/selftest/trials.ts';
import { testDefaultLimits } from './testDefaultLimits.ts';

testDefaultLimits(engineTrials);
