import { expect, test } from 'vitest';
import { type BatchRequest, hostIndices, type SamplingMode } from '../../src/data/sampler.ts';
import { Program } from '../../src/gpu/program.ts';
import { State } from '../../src/gpu/state.ts';
import type { KernelTarget } from '../../src/ops/op.ts';
import { planIndices } from '../../src/ops/plans/indicesPlan.ts';
import { testGpu } from './device.ts';

const SEEDS = [0, 1, 0xdeadbeef];

type Batch = Pick<BatchRequest, 'mode' | 'examples' | 'batchSize' | 'step' | 'epoch' | 'offset'>;

/** The indices that the device writes for each seed; an order table is shared by all replicas. */
async function deviceIndices(
  batch: Batch,
  kind: KernelTarget['kind'],
  order?: Uint32Array,
): Promise<Uint32Array[]> {
  const gpu = await testGpu();
  const replicas = SEEDS.length;
  const seeds = new State(gpu, { label: 'seeds', shape: [1], dtype: 'u32', replicas });
  for (const [replica, seed] of SEEDS.entries()) seeds.write(Uint32Array.of(seed), { replica });
  const counters = new State(gpu, { label: 'counters', shape: [3], dtype: 'u32' });
  counters.write(Uint32Array.of(batch.step, batch.epoch, batch.offset));
  const indices = new State(gpu, { label: 'indices', shape: [batch.batchSize + 1], dtype: 'u32', replicas });
  const table = order && new State(gpu, { label: 'order', shape: [order.length], dtype: 'u32' });
  if (order) table?.write(order);
  const operands = { seeds, counters, indices, ...(table && { order: table }) };
  const call = planIndices(batch.mode, batch.examples, batch.batchSize, order?.length, kind);
  const program = await Program.record(gpu, 'sampling', [{ label: 'indices', call, operands, replicas }]);
  program.run();
  const all = await Promise.all(SEEDS.map((_, replica) => indices.readU32(replica)));
  for (const disposable of [program, ...Object.values(operands)]) disposable.dispose();
  // Nothing is written past the batch.
  for (const written of all) expect(written[batch.batchSize]).toBe(0);
  return all.map((written) => written.slice(0, batch.batchSize));
}

const cursors = [
  { examples: 1, batchSize: 5, step: 3, epoch: 15, offset: 0 },
  { examples: 2, batchSize: 7, step: 1, epoch: 3, offset: 1 },
  { examples: 3, batchSize: 4, step: 0, epoch: 0, offset: 0 },
  { examples: 60_000, batchSize: 128, step: 468, epoch: 0, offset: 59_904 },
  { examples: 1000, batchSize: 3000, step: 77, epoch: 231, offset: 999 },
  { examples: 2 ** 32 - 1, batchSize: 64, step: 2 ** 31, epoch: 2 ** 32 - 2, offset: 12_345 },
];

const planned = cursors.flatMap((cursor) => (['cpu', 'gpu'] as const).map((kind) => ({ kind, ...cursor })));

for (const mode of ['shuffle', 'iid', 'sequential'] as const satisfies SamplingMode[]) {
  test.each(planned)(`${mode} equals the host twin: %o`, async ({ kind, ...cursor }) => {
    const found = await deviceIndices({ mode, ...cursor }, kind);
    for (const [replica, seed] of SEEDS.entries()) {
      expect(found[replica]).toEqual(hostIndices({ mode, seed, ...cursor }));
    }
  });
}

test('order reads the row of the step for every replica', async () => {
  const order = Uint32Array.from({ length: 5 * 70 }, (_, i) => (i * 37) % 100);
  const batch = { mode: 'order', examples: 100, batchSize: 70, step: 3, epoch: 0, offset: 0 } as const;
  const found = await deviceIndices(batch, 'cpu', order);
  for (const indices of found) expect(indices).toEqual(hostIndices({ ...batch, seed: 0, order }));
});
