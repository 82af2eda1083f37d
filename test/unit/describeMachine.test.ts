import { spawnSync } from 'node:child_process';
import { afterEach, expect, test, vi } from 'vitest';
import { describeMachine } from '../../src/cli/bench/describeMachine.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the commit of a result is that of the build, wherever it runs: git is not asked', () => {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' });
  vi.stubEnv('PATH', '');
  const { commit } = describeMachine();
  expect(commit?.replace(/ with changes$/, '')).toBe(status === 0 ? stdout.trim() : undefined);
});
