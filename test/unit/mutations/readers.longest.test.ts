import { testReaders } from './testReaders.ts';

/** A million in all. */
testReaders(92_000);
