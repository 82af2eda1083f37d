import { testMemory } from './testMemory.ts';

testMemory(500);
