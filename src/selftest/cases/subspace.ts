import { columnsBlock } from '../../ops/subspace/columns.ts';
import { expand } from '../../ops/subspace/expand.ts';
import { project } from '../../ops/subspace/project.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import {
  columnsBlock as columnsReference,
  expand as expandReference,
  GAUSSIAN_UNIT,
  gaussianInteger,
  project as projectReference,
} from '../../reference/subspace.ts';
import { sumTolerance, U } from '../tolerance.ts';
import { shapeName, type Trial } from '../trial.ts';
import { given, random } from '../values.ts';

/** [P, columns]: one of each, odd ones, several chunks of rows. */
const SHAPES = [
  [1, 1],
  [65, 3],
  [4098, 7],
] as const;
const SEEDS = [0, 1, 0xdeadbeef];
/** Of a block of columns; and how many blocks lie before it. */
const WIDTH = 32;
const STEP = 2;

/** Every fifth element is between two tensors. */
const maskOf = (elements: number): Float32Array =>
  Float32Array.from({ length: elements }, (_, e) => (e % 5 === 4 ? 0 : 1));

/** Products with the matrix of a random subspace, which is never stored; operands are uniform in [−1, 1]. */
export function subspaceTrials(): Trial[] {
  return SHAPES.flatMap(([elements, columns], i): Trial[] => {
    const replicas = i % 2 ? 3 : 1;
    const name = shapeName([elements, columns], replicas);
    const mask = maskOf(elements);
    const states = {
      seeds: given([1], (replica) => Uint32Array.of(SEEDS[replica]!)),
      mask: given([elements], mask, { shared: true }),
    };
    const of = ({ seeds, mask: m }: Parameters<Trial['trace']>[1]) => ({
      columns,
      purpose: purpose.subspaceColumns,
      seeds: seeds!,
      mask: m!,
    });
    const entries = (seed: number) => (e: number, c: number) =>
      gaussianInteger(threefry2x32(seed, purpose.subspaceColumns, e, c)) * GAUSSIAN_UNIT;
    // Entries have unit variance and factors a third: a partial sum of n products is about √(n/3).
    const tolerance = (terms: number) => sumTolerance(terms, Math.max(4, Math.sqrt(terms / 3)));
    return [
      {
        kernel: 'subspace/expand',
        name,
        replicas,
        operands: { ...states, z: random([columns], 2) },
        trace: ({ z }, given) => [expand(z!, of(given))],
        expect: ({ z, seeds }) => [
          {
            values: expandReference({ z: z!, mask }, entries(seeds![0]!)),
            tolerance: tolerance(columns),
          },
        ],
      },
      {
        kernel: 'subspace/project',
        name,
        replicas,
        operands: { ...states, x: random([elements], 3) },
        trace: ({ x }, given) => [project(x!, of(given))],
        expect: ({ x, seeds }) => [
          {
            values: projectReference({ x: x!, mask }, columns, entries(seeds![0]!)),
            tolerance: tolerance(elements),
          },
        ],
      },
      {
        kernel: 'subspace/columns',
        name,
        replicas,
        operands: { ...states, counters: given([3], Uint32Array.of(STEP, 1, 7), { shared: true }) },
        trace: (_tensors, given, graph) => [columnsBlock(graph, of(given), given.counters!, WIDTH)],
        expect: ({ seeds }) => {
          const block = { columns, width: WIDTH, from: STEP * WIDTH };
          // An integer times the unit, rounded once; entries are below 8.
          return [{ values: columnsReference(mask, block, entries(seeds![0]!)), tolerance: 8 * U }];
        },
      },
    ];
  });
}
