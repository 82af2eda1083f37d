import { randomSigns } from '../../ops/index.ts';
import { keepOrRestart, LEAST_SHARE, randomVector } from '../../ops/restart.ts';
import { purpose } from '../../random/purpose.ts';
import { randomSigns as hostSigns } from '../../random/randomSigns.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import { restart } from '../../reference/restart.ts';
import { EDGES, shapeName, type Trial } from '../trial.ts';
import { given, random } from '../values.ts';

const SEEDS = [0, 1, 0xdeadbeef];
const STEPS = [0, 3, 2 ** 32 - 2];

/** Every third element is between two tensors. */
const mask = (elements: number): Float32Array =>
  Float32Array.from({ length: elements }, (_, e) => (e % 3 === 2 ? 0 : 1));

/** Random vectors, number by number the host's. */
export function randomTrials(): Trial[] {
  return [...EDGES, 4098].flatMap((elements, i): Trial[] => {
    const replicas = i % 2 ? 3 : 1;
    const step = STEPS[i % 3]!;
    const operands = {
      seeds: given([1], (replica) => Uint32Array.of(SEEDS[replica]!)),
      counters: given([3], Uint32Array.of(step, 1, 7), { shared: true }),
      mask: given([elements], mask(elements), { shared: true }),
    };
    const signs = (masked: boolean): Trial => ({
      kernel: 'random/signs',
      name: `${masked ? 'masked, ' : ''}step ${step}, ${shapeName([elements], replicas)}`,
      replicas,
      operands,
      trace: (_tensors, { seeds, counters, mask: m }, graph) => {
        const stream = { purpose: purpose.exampleSigns, seeds: seeds!, counters: counters! };
        return [randomSigns(graph, masked ? { ...stream, mask: m! } : stream, elements)];
      },
      expect: ({ seeds }) => {
        const values = hostSigns(elements, seeds![0]!, purpose.exampleSigns, step);
        return [{ values: masked ? values.map((s, e) => s * mask(elements)[e]!) : values, tolerance: 0 }];
      },
    });
    const words = (seed: number) => (pair: number) => threefry2x32(seed, purpose.krylovRestart, step, pair);
    const kept = (name: string, before: number, after: number): Trial => ({
      kernel: 'random/restart',
      name: `${name}, step ${step}, ${shapeName([elements], replicas)}`,
      replicas,
      operands: {
        ...operands,
        x: random([elements], 5),
        before: given([], Float32Array.of(before)),
        after: given([], Float32Array.of(after)),
      },
      trace: ({ x, before: b, after: a }, { seeds, counters, mask: m }) => [
        keepOrRestart(x!, b!, a!, {
          purpose: purpose.krylovRestart,
          seeds: seeds!,
          counters: counters!,
          mask: m!,
        }),
      ],
      expect: ({ x, before: b, after: a, seeds }) => [
        {
          values: restart(
            { x: x!, before: b!, after: a!, mask: mask(elements) },
            LEAST_SHARE,
            words(seeds![0]!),
          ),
          tolerance: 0,
        },
      ],
    });
    return [
      signs(false),
      signs(true),
      kept('something is left', 2, 1e-6),
      kept('rounding is left', 2, 1e-12),
      kept('nothing is left of nothing', 0, 0),
      {
        kernel: 'random/restart',
        name: `always, step ${step}, ${shapeName([elements], replicas)}`,
        replicas,
        operands,
        trace: (_tensors, { seeds, counters, mask: m }, graph) => [
          randomVector(graph, {
            purpose: purpose.krylovRestart,
            seeds: seeds!,
            counters: counters!,
            mask: m!,
          }),
        ],
        expect: ({ seeds }) => {
          const none = { before: [0], after: [0], mask: mask(elements) };
          const x = new Float32Array(elements);
          return [{ values: restart({ x, ...none }, LEAST_SHARE, words(seeds![0]!)), tolerance: 0 }];
        },
      },
    ];
  });
}
