import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { restBetweenPolls } from '../../src/cli/restBetweenPolls.ts';

const original = globalThis.setImmediate;

beforeAll(restBetweenPolls);
afterAll(() => {
  globalThis.setImmediate = original;
});

/** A native function without a name, as a poll of Dawn's is. */
function poll(does: () => void = () => {}): () => void {
  const native = does.bind(null);
  Object.defineProperty(native, 'name', { value: '' });
  return native;
}

/** What becomes of polls of one wait that come so many milliseconds after its beginning: asked for by one another, as Dawn does. */
async function pollsAt(times: readonly number[]): Promise<string[]> {
  const clock = vi.spyOn(performance, 'now');
  const kinds: string[] = [];
  await new Promise<void>((resolve) => {
    const next = (): void => {
      const time = times[kinds.length];
      if (time === undefined) {
        resolve();
        return;
      }
      clock.mockReturnValue(time);
      kinds.push(setImmediate(poll(next)).constructor.name);
    };
    next();
  });
  clock.mockRestore();
  return kinds;
}

test('the longer a wait lasts, the later its next poll, which is a timer in the end; another wait begins anew', async () => {
  expect(await pollsAt([0, 0.1, 3, 30])).toEqual(['Immediate', 'Immediate', 'Immediate', 'Timeout']);
  expect(await pollsAt([1000, 1001])).toEqual(['Immediate', 'Immediate']);
});

test('the thread sleeps before a poll for a tenth of what was waited', async () => {
  const sleep = vi.spyOn(Atomics, 'wait');
  await pollsAt([0, 0.1, 3, 9, 30]);
  expect(sleep.mock.calls.map(([, , , rest]) => rest)).toEqual([0.1 * 3, 0.1 * 9]);
  sleep.mockRestore();
});

test('it is made once however often it is asked for', () => {
  const resting = globalThis.setImmediate;
  expect(resting).not.toBe(original);
  restBetweenPolls();
  expect(globalThis.setImmediate).toBe(resting);
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
