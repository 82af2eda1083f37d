import { SNAPSHOT, TENSORS } from './runRecord.ts';
import type { RunStore } from './runStore.ts';

/**
 * Makes a run of its own that goes on from another one's snapshot, as it was then.
 * @returns its id
 */
export async function branchRun(store: RunStore, id: string): Promise<string> {
  const record = await store.get(id);
  if (!record?.snapshot) throw new Error('The run has no snapshot yet that another one could go on from.');
  const { step, parts } = record.snapshot;
  const events = await store.events(id, parts);
  const names = [...record.files, SNAPSHOT].filter((name) => name !== TENSORS);
  const files = await Promise.all(names.map(async (name) => [name, await store.file(id, name)] as const));
  const now = Date.now();
  const { error: _, ...rest } = record;
  const branch = {
    ...rest,
    id: crypto.randomUUID(),
    name: `${record.name}, from step ${step}`,
    pinned: false,
    created: now,
    updated: now,
    status: 'stopped' as const,
    lastStep: step,
    parts: 1,
    snapshot: { step, parts: 1 },
    parent: { id, name: record.name, step },
  };
  const kept = Object.fromEntries(files.flatMap(([name, blob]) => (blob ? [[name, blob]] : [])));
  await store.add(branch, events, kept);
  return branch.id;
}
