import { openDevice } from '../../src/gpu/device.ts';
import { testLostDevice } from './testLostDevice.ts';

testLostDevice(openDevice, 20);
