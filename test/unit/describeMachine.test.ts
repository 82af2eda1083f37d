import { afterEach, expect, test, vi } from 'vitest';
import { describeMachine } from '../../src/cli/bench/describeMachine.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the commit of a result is that of the build, wherever it runs: git is not asked', () => {
  vi.stubEnv('PATH', '');
  expect(describeMachine().commit?.replace(/ with changes$/, '')).toBe(__BASIN_COMMIT__ ?? undefined);
});
