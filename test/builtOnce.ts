import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../src/cli/launch.mjs', import.meta.url));

/** Builds `dist/` where it is stale, before the tests that run it: none of them waits for it. */
export default function builtOnce(): void {
  execFileSync(process.execPath, [LAUNCHER, '--help'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
