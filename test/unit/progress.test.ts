import { afterEach, expect, test, vi } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';

afterEach(() => vi.restoreAllMocks());

test('the speed of a run that goes on is that of the steps it takes itself', () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  let said = '';
  const stream = { isTTY: false, write: (text: string) => (said += text) } as unknown as NodeJS.WriteStream;
  const progress = new Progress({ stream });
  progress.show({ type: 'phase', phase: 'training' });
  now = 6000;
  progress.show({ type: 'progress', done: 1060, before: 1000, total: 2000, unit: 'steps' });
  progress.show({ type: 'phase', phase: 'training' });
  now = 12_000;
  progress.show({ type: 'progress', done: 1060, total: 2000, unit: 'steps' });
  expect(said.split('\n').filter((line) => line.includes('/'))).toEqual([
    'training: 1060/2000 steps, 10 steps/s, 1 min 34 s left',
    'training: 1060/2000 steps, 177 steps/s, 5 s left',
  ]);
});
