import { dropoutMask } from '../../nn/dropoutMask.ts';
import { dropout } from '../../ops/index.ts';
import { purpose } from '../../random/purpose.ts';
import { U } from '../tolerance.ts';
import { EDGES, shapeName, type Trial } from '../trial.ts';
import { given, random } from '../values.ts';

const SEEDS = [0, 1, 0xdeadbeef];
const STEPS = [0, 3, 2 ** 32 - 1];

/** The elements that are kept, one by one those of the host's twin. */
export function dropoutTrial(elements: number, p: number, layer: number, replicas: 1 | 3): Trial {
  const step = STEPS[layer % 3]!;
  return {
    kernel: 'random/dropout',
    name: `p = ${p}, layer ${layer}, step ${step}, ${shapeName([elements], replicas)}`,
    replicas,
    operands: {
      x: random([elements], 1, { low: 0.5, high: 1, shared: true }),
      seeds: given([1], (replica) => Uint32Array.of(SEEDS[replica]!)),
      counters: given([3], Uint32Array.of(step, 1, 7), { shared: true }),
    },
    trace: ({ x }, { seeds, counters }) => [
      dropout(x!, p, { purpose: purpose.dropout + layer, seeds: seeds!, counters: counters! }),
    ],
    expect: ({ x, seeds }) => {
      const kept = dropoutMask(elements, { p, seed: seeds![0]!, layer, step });
      // One rounding of 1/(1 − p), and one of the product.
      return [
        {
          values: kept.map((keep, e) => (keep ? x![e]! / (1 - p) : 0)),
          tolerance: 2 * U * (1 / (1 - p)),
        },
      ];
    },
  };
}

export function dropoutTrials(): Trial[] {
  return [...EDGES, 4098].flatMap((elements, i) =>
    [0.1, 0.5].map((p) => dropoutTrial(elements, p, i, i % 2 ? 3 : 1)),
  );
}
