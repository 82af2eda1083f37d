import { testSelftest } from './testSelftest.ts';

// Dawn under Node is the browser's implementation once more, and runs every other command of these tests; Deno's is wgpu.
testSelftest('browser');
testSelftest('deno', 'reduce');
