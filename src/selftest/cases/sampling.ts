import { hostIndices, type SamplingMode } from '../../data/sampler.ts';
import { sampleIndices } from '../../ops/index.ts';
import type { Trial } from '../trial.ts';
import { given, integers } from '../values.ts';

const SEEDS = [0, 1, 0xdeadbeef];

const CURSORS = [
  { examples: 1, batchSize: 5, step: 3, epoch: 15, offset: 0 },
  { examples: 3, batchSize: 4, step: 0, epoch: 0, offset: 0 },
  { examples: 60_000, batchSize: 127, step: 468, epoch: 0, offset: 59_904 },
  { examples: 1000, batchSize: 3000, step: 77, epoch: 231, offset: 999 },
  { examples: 2 ** 32 - 1, batchSize: 64, step: 2 ** 31, epoch: 2 ** 32 - 2, offset: 12_345 },
];

/** Integers, equal to the host's sampler for every seed. */
export function samplingTrials(): Trial[] {
  const modes = ['shuffle', 'iid', 'sequential', 'order'] as const satisfies SamplingMode[];
  return modes.flatMap((mode) =>
    CURSORS.filter(({ step }) => mode !== 'order' || step < 1000).map((cursor): Trial => {
      const { examples, batchSize, step, epoch, offset } = cursor;
      const replicas = mode === 'order' ? 1 : 3;
      const order = mode === 'order' ? integers((step + 1) * batchSize, 3, examples) : undefined;
      return {
        kernel: 'sampling/indices',
        name: `${mode}, ${batchSize} of ${examples}, R = ${replicas}`,
        replicas,
        operands: {
          counters: given([3], Uint32Array.of(step, epoch, offset), { shared: true }),
          seeds: given([1], (replica) => Uint32Array.of(SEEDS[replica]!)),
          ...(order && { order: given([step + 1, batchSize], order, { shared: true }) }),
        },
        trace: (_tensors, { counters, seeds, order: table }, graph) => [
          sampleIndices(
            graph,
            { mode, examples, counters: counters!, seeds: seeds!, order: table },
            batchSize,
          ),
        ],
        expect: ({ seeds }) => [
          { values: hostIndices({ mode, seed: seeds![0]!, order, ...cursor }), tolerance: 0 },
        ],
      };
    }),
  );
}
