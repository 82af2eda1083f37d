import { afterEach, expect, test } from 'vitest';
import type { PageNews } from '../../src/jobs/jobWorker.ts';
import { branchRun } from '../../src/web/runs/branchRun.ts';
import { importRun } from '../../src/web/runs/importRun.ts';
import { KeptRun } from '../../src/web/runs/keptRun.ts';
import { heldRuns, holdRun } from '../../src/web/runs/runLocks.ts';
import { type RunRecord, SNAPSHOT } from '../../src/web/runs/runRecord.ts';
import { RunStore } from '../../src/web/runs/runStore.ts';

const NAME = 'basin runs under test';
const opened: RunStore[] = [];

async function open(): Promise<RunStore> {
  const store = await RunStore.open(undefined, NAME);
  opened.push(store);
  return store;
}

afterEach(async () => {
  for (const store of opened.splice(0)) store.close();
  await new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase(NAME);
    deleting.onsuccess = resolve;
    deleting.onerror = reject;
  });
});

function record(id: string, more: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    name: id,
    pinned: false,
    created: 1,
    updated: 1,
    spec: { data: 'mnist', model: { hidden: [] }, optimizer: { lr: 0.1 } },
    replicas: ['ε = 0.1'],
    description: '',
    status: 'running',
    lastStep: 0,
    parts: 0,
    snapshot: null,
    files: [],
    ...more,
  };
}

function readings(...steps: number[]): PageNews {
  const at = (step: number) => ({
    replica: 0,
    step,
    batchSize: 8,
    learningRate: 0.1,
    temperature: 0.1,
    loss: step,
  });
  return { type: 'readings', readings: steps.map(at) };
}

function snapshot(step: number) {
  return { type: 'snapshot' as const, file: SNAPSHOT, step, tensors: new Blob([`step ${step}`]) };
}

async function steps(store: RunStore, id: string, parts?: number): Promise<number[]> {
  const events = await store.events(id, parts);
  return events.flatMap(({ event }) =>
    event.type === 'readings' ? event.readings.map(({ step }) => step) : [],
  );
}

test('a run is kept in parts, its snapshot with what was told before it, and goes back to that', async () => {
  const store = await open();
  await store.add(record('a'), [], { 'model.json': new Blob(['{}']) });
  const kept = new KeptRun(store, record('a'), () => {});
  kept.take(readings(1, 2), 0.5);
  kept.keep(snapshot(2));
  // Told while the snapshot is being stored: behind it all the same.
  kept.take(readings(3), 0.75);
  await kept.flush();
  kept.take(readings(4), 1);
  await kept.change({ status: 'stopped' });
  const stored = (await store.get('a'))!;
  expect(stored).toMatchObject({ lastStep: 4, status: 'stopped', snapshot: { step: 2, parts: 1 } });
  expect(await steps(store, 'a')).toEqual([1, 2, 3, 4]);
  expect(await steps(store, 'a', stored.snapshot!.parts)).toEqual([1, 2]);
  expect(await (await store.file('a', SNAPSHOT))!.text()).toBe('step 2');
  expect(await (await store.file('a', 'model.json'))!.text()).toBe('{}');

  // A branch has what there was then.
  const branch = (await store.get(await branchRun(store, 'a')))!;
  expect(branch).toMatchObject({
    lastStep: 2,
    parent: { id: 'a', step: 2 },
    snapshot: { step: 2, parts: 1 },
  });
  expect(await steps(store, branch.id)).toEqual([1, 2]);
  expect(await (await store.file(branch.id, SNAPSHOT))!.text()).toBe('step 2');

  await kept.backToSnapshot(2);
  expect(kept.record).toMatchObject({ lastStep: 2, status: 'running', parts: 1 });
  kept.take(readings(3), 2);
  await kept.flush();
  expect(await steps(store, 'a')).toEqual([1, 2, 3]);

  await store.delete('a');
  expect(await store.get('a')).toBeUndefined();
  expect(await store.events('a')).toEqual([]);
  expect(await store.file('a', SNAPSHOT)).toBeUndefined();
  expect(await steps(store, branch.id)).toEqual([1, 2]);
});

test('where the store has no room nothing is lost: what is told waits, in its order, and is stored later', async () => {
  const store = await open();
  await store.add(record('a'));
  const append = store.append.bind(store);
  let full = true;
  store.append = (...given) =>
    full ? Promise.reject(new DOMException('no room', 'QuotaExceededError')) : append(...given);
  const kept = new KeptRun(store, record('a'), () => {});
  kept.take(readings(1), 1);
  kept.keep(snapshot(1));
  kept.take(readings(2), 2);
  await kept.flush();
  expect(kept.problem).toMatch(/no more room for runs: this one goes on.*Delete runs/);
  kept.take(readings(3), 3);
  kept.keep(snapshot(3));
  kept.take(readings(4), 4);
  // The device is lost before there is room again.
  await kept.backToSnapshot(3);
  kept.take(readings(4), 5);
  full = false;
  await kept.change({ status: 'finished' });
  expect(kept.problem).toBeUndefined();
  expect(await steps(store, 'a')).toEqual([1, 2, 3, 4]);
  const stored = (await store.get('a'))!;
  expect(stored).toMatchObject({ status: 'finished', lastStep: 4 });
  expect(await steps(store, 'a', stored.snapshot!.parts)).toEqual([1, 2, 3]);
  expect(await (await store.file('a', SNAPSHOT))!.text()).toBe('step 3');
});

test('another tab’s name and pin stay, its list follows, and a newer version of the store closes this one', async () => {
  const [one, other] = [await open(), await open()];
  await one.add(record('a'));
  await one.add(record('b', { created: 2 }));
  const told = new Promise<void>((resolve) => void other.subscribe(resolve));
  const kept = new KeptRun(one, record('a'), () => {});
  await other.change('a', { name: 'mine', pinned: true });
  kept.take(readings(1), 1);
  await kept.flush();
  await told;
  expect((await other.list()).map(({ id, name, lastStep }) => [id, name, lastStep])).toEqual([
    ['a', 'mine', 1],
    ['b', 'b', 0],
  ]);
  const newer = indexedDB.open(NAME, 2);
  await new Promise((resolve) => {
    newer.onsuccess = resolve;
  });
  newer.result.close();
  kept.take(readings(2), 2);
  await kept.flush();
  expect(kept.problem).toMatch(/newer version of this page was opened in another tab: reload/);
});

test('a run is held by one tab', async () => {
  const release = (await holdRun('a'))!;
  expect(await holdRun('a')).toBeNull();
  expect([...(await heldRuns())]).toEqual(['a']);
  await release();
  const again = await holdRun('a');
  expect(again).not.toBeNull();
  await again!();
});

test('a file that is no run is refused by name, and nothing of it is kept', async () => {
  const store = await open();
  for (const [name, text, message] of [
    ['a.json', '{"layers": []}', /a\.json: job: missing, expected the result\.json/],
    ['b.json', '{', /b\.json: JSON: is not JSON/],
    ['c.json', '{"format": "basin recording 1", "spec": {"data": "mnist"}}', /c\.json: job\.model: missing/],
    [
      'd.json',
      JSON.stringify({
        format: 'basin recording 1',
        started: '2026-11-27T00:00:00Z',
        spec: record('').spec,
        replicas: [{ label: 'ε = 0.1' }],
        changes: [],
        readings: [{ replica: 1, step: 1, loss: 2 }],
        evaluations: [],
      }),
      /d\.json: readings\.0: has .*expected a replica below 1/,
    ],
    ['run.snapshot', 'nothing', /run\.snapshot/],
  ] as const) {
    await expect(importRun(store, new File([text], name)), name).rejects.toThrow(message);
  }
  expect(await store.list()).toEqual([]);
});
