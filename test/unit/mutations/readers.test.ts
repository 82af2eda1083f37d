import { testReaders } from './testReaders.ts';

/** Mutations of each of eleven readers: more than 20,000 in all. */
testReaders(Number(process.env.BASIN_MUTATIONS ?? 1900));
