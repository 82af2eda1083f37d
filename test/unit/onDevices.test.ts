import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { DeviceLostError } from '../../src/gpu/orLost.ts';
import { InputError } from '../../src/host/inputError.ts';
import type { JobEvent } from '../../src/jobs/jobEvent.ts';
import { type Before, onDevices } from '../../src/jobs/onDevices.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

type Job = (gpu: Gpu, before: Before, device: number) => AsyncGenerator<JobEvent, void, void>;

const note = (text: string): JobEvent => ({ type: 'note', text });
const adapter = { type: 'adapter', adapter: {} } as unknown as JobEvent;
const readings = (...steps: number[]): JobEvent =>
  ({ type: 'readings', readings: steps.map((step) => ({ step })) }) as unknown as JobEvent;
const lost = (why = 'gone'): DeviceLostError =>
  new DeviceLostError(`the GPU device was lost (unknown): ${why}`);

interface Ended {
  readonly events: readonly JobEvent[];
  readonly error: Error | undefined;
  readonly opened: number;
  /** Devices that were not disposed of. */
  readonly left: number;
}

/** @param device changes what is opened, counted from 0; throws where none can be */
async function run(job: Job, device: (n: number) => Partial<Gpu> = () => ({})): Promise<Ended> {
  let opened = 0;
  let live = 0;
  const open = async (): Promise<Gpu> => {
    const n = opened++;
    const made = device(n);
    live++;
    let disposed = false;
    const dispose = (): void => {
      if (!disposed) live--;
      disposed = true;
    };
    return {
      info: { vendor: 'v', limits: { a: 1 } },
      lost: new Promise<never>(() => {}),
      errors: [],
      dispose,
      ...made,
    } as unknown as Gpu;
  };
  const events: JobEvent[] = [];
  let error: Error | undefined;
  const ended = (async () => {
    try {
      for await (const event of onDevices(open, (gpu, before) => job(gpu, before, opened - 1))) {
        events.push(event);
      }
    } catch (thrown) {
      error = thrown as Error;
    }
  })();
  let done = false;
  void ended.then(() => {
    done = true;
  });
  while (!done) await vi.advanceTimersByTimeAsync(100);
  return { events, error, opened, left: live };
}

test('a job goes on with another device, behind what it had finished, and tells nothing twice', async () => {
  const began: (number | undefined)[] = [];
  const knew: number[] = [];
  const { events, error, opened, left } = await run(async function* (_, { finished, known }, device) {
    const from = finished.get<number>('run');
    began.push(from);
    knew.push(known);
    yield adapter;
    yield note('of the data');
    yield note('of the data');
    for (let step = from ?? 0; step < 6; step++) {
      if (step + 1 > known) yield readings(step + 1);
      if (step === 2 * device && device < 3) throw lost();
      finished.keep('run', step + 1);
    }
    yield note('at the end');
  });
  expect(error).toBeUndefined();
  expect([opened, left]).toEqual([4, 0]);
  expect(began).toEqual([undefined, undefined, 2, 4]);
  expect(knew).toEqual([0, 1, 3, 5]);
  expect(events.filter(({ type }) => type === 'adapter')).toHaveLength(1);
  const told = events.flatMap((event) => (event.type === 'readings' ? event.readings : []));
  expect(told.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  const notes = events.flatMap((event) => (event.type === 'note' ? event.text : []));
  const again = 'the GPU device was lost (unknown): gone; the job goes on with another device';
  expect(notes).toEqual(['of the data', 'of the data', again, again, again, 'at the end']);
});

test('a cell that begins again tells the points of its curves once', async () => {
  const point = (x: number): JobEvent =>
    ({ type: 'series', chart: 'loss', curve: 'c', x, y: 1, cell: 'a' }) as JobEvent;
  const { events } = await run(async function* (_, { finished }, device) {
    await finished.once('before', async () => 1);
    for (let x = 0; x < 3; x++) {
      yield point(x);
      if (device === x) throw lost();
    }
  });
  expect(events.flatMap((event) => (event.type === 'series' ? event.x : []))).toEqual([0, 1, 2]);
});

test('losses one after the other with nothing finished between end it, saying what to do', async () => {
  let runs = 0;
  const { error, opened, left } = await run(async function* (_, { finished }) {
    runs++;
    yield note(`run ${runs}`);
    if (runs <= 3) finished.keep('part', runs);
    throw lost();
  });
  // Three devices on which something was finished, and three more: the third loss was the first in a row.
  expect([opened, left]).toEqual([6, 0]);
  expect(error).toBeInstanceOf(DeviceLostError);
  expect(error!.message).toMatch(
    /lost \(unknown\): gone; 4 devices one after the other .*smaller batch.*from its last one$/,
  );
});

test('what is no loss ends it at once', async () => {
  for (const thrown of [new InputError('a', 'b', 'c'), new Error('a mistake')]) {
    const { error, opened, left } = await run(async function* () {
      yield note('so far');
      throw thrown;
    });
    expect([error, opened, left]).toEqual([thrown, 1, 0]);
  }
  // An error of Basin's own that nothing caught makes a device unusable as well, and would come again.
  const errors = [new Error('invalid')] as unknown as GPUError[];
  const { error, opened } = await run(
    async function* () {
      yield note('so far');
      throw lost();
    },
    () => ({ errors }),
  );
  expect([error!.message, opened]).toEqual([lost().message, 1]);
});

test('a failure that the loss brought about is taken for one', async () => {
  const { error, opened } = await run(
    async function* (_, __, device) {
      if (device === 0) throw new Error('kernel matmul: the module is invalid');
      yield note('done');
    },
    (n) =>
      n === 0 ? { lost: Promise.resolve({ reason: 'unknown', message: '' } as GPUDeviceLostInfo) } : {},
  );
  expect([error, opened]).toEqual([undefined, 2]);
});

test('a device that does not come at once is waited for; none at all, or another one, ends the job', async () => {
  const once: Job = async function* (_, __, device) {
    if (device === 0) throw lost();
    yield note('done');
  };
  const none = (from: number, until: number) => (n: number) => {
    if (n >= from && n < until) throw new Error('WebGPU found no adapter');
    return {};
  };
  expect(await run(once, none(1, 4))).toMatchObject({ error: undefined, opened: 5, left: 0 });
  const { error, left } = await run(once, none(1, 100));
  expect(error!.message).toMatch(
    /gone; no other could be opened .*found no adapter.*restart .*from its last one$/,
  );
  expect(left).toBe(0);
  const other = (n: number) => ({ info: { vendor: 'v', limits: { a: n } } }) as unknown as Gpu;
  const changed = await run(once, other);
  expect(changed.error!.message).toMatch(/another \(limits\.a is 1, was 0\)/);
  expect(changed.left).toBe(0);
});
