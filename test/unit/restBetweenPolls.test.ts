import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { restBetweenPolls } from '../../src/cli/restBetweenPolls.ts';

const original = globalThis.setImmediate;

beforeAll(restBetweenPolls);
afterAll(() => {
  globalThis.setImmediate = original;
});

/** A native function without a name. */
function poll(): () => void {
  const native = Math.max.bind(null) as () => void;
  Object.defineProperty(native, 'name', { value: '' });
  return native;
}

test('a poll is a timer that fires, and is made once however often it is asked for', () => {
  const resting = globalThis.setImmediate;
  expect(resting).not.toBe(original);
  restBetweenPolls();
  expect(globalThis.setImmediate).toBe(resting);
  const timer = setImmediate(poll()) as unknown as NodeJS.Timeout;
  expect(timer.constructor.name).toBe('Timeout');
  clearTimeout(timer);
});

test('all else is an immediate as before: with its arguments, cleared, or awaited', async () => {
  const given = await new Promise((resolve) => setImmediate((...values) => resolve(values), 1, 'two'));
  expect(given).toEqual([1, 'two']);
  const bound = setImmediate(poll.bind(null));
  expect(bound.constructor.name).toBe('Immediate');
  clearImmediate(bound);
  let ran = false;
  clearImmediate(
    setImmediate(() => {
      ran = true;
    }),
  );
  expect(await promisify(setImmediate)('value')).toBe('value');
  expect(ran).toBe(false);
});
