import { testLostDevice } from '../gpu/testLostDevice.ts';
import { fuzzDevice } from './fuzzDevice.ts';

// Under Node, in this process.
testLostDevice(fuzzDevice, 20);
