import { testSelftest } from './testSelftest.ts';

testSelftest('deno');
