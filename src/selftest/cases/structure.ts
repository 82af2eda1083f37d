import { broadcast, fill } from '../../ops/index.ts';
import { joinRows } from '../../ops/perExample/joinRows.ts';
import { accumulate } from '../../ops/state/accumulate.ts';
import { append } from '../../ops/state/append.ts';
import { take } from '../../ops/state/take.ts';
import { unitVector } from '../../ops/unitVector.ts';
import { accumulate as accumulateReference } from '../../reference/accumulate.ts';
import { append as appendReference } from '../../reference/append.ts';
import { broadcast as broadcastReference } from '../../reference/broadcast.ts';
import { copy } from '../../reference/copy.ts';
import { fill as fillReference } from '../../reference/fill.ts';
import { joinRows as joinReference } from '../../reference/joinRows.ts';
import { take as takeReference } from '../../reference/take.ts';
import { unitVector as unitVectorReference } from '../../reference/unitVector.ts';
import { U } from '../tolerance.ts';
import { EDGES, shapeName, type Trial } from '../trial.ts';
import { given, integers, random } from '../values.ts';

/** A copy of a vector. */
export function copyTrial(elements: number, replicas: 1 | 3): Trial {
  return {
    kernel: 'structure/copy',
    name: `f32 ${shapeName([elements], replicas)}`,
    replicas,
    operands: { x: random([elements], elements) },
    trace: ({ x }) => [x!],
    expect: ({ x }) => [{ values: copy(x!), tolerance: 0 }],
  };
}

/** Kernels that move numbers: bit for bit; or add one to another. */
export function structureTrials(): Trial[] {
  return ([1, 3] as const).flatMap((replicas): Trial[] => [
    ...[...EDGES, 4097].flatMap((elements): Trial[] => [
      copyTrial(elements, replicas),
      {
        kernel: 'structure/fill',
        name: shapeName([elements], replicas),
        replicas,
        operands: {},
        trace: (_tensors, _states, graph) => [fill(graph, -2.75, [elements])],
        expect: () => [{ values: fillReference(elements, -2.75), tolerance: 0 }],
      },
      {
        kernel: 'structure/accumulate',
        name: shapeName([elements], replicas),
        replicas,
        operands: { x: random([elements], elements), y: random([elements], 3, { changed: true }) },
        trace: ({ x }, { y }) => {
          accumulate(y!, x!);
          return [];
        },
        expect: ({ x, y }) => {
          const values = accumulateReference(y!, x!);
          return [{ values, tolerance: values.map((value) => U * Math.abs(value)) }];
        },
      },
      {
        kernel: 'structure/append',
        name: shapeName([elements], replicas),
        replicas,
        operands: {
          x: random([elements], elements),
          y: random([elements + 70], 3, { changed: true }),
          counters: given([3], Uint32Array.of(5, 2, 67), { shared: true }),
        },
        trace: ({ x }, { y, counters }) => {
          append(y!, x!, counters!);
          return [];
        },
        expect: ({ x, y }) => [{ values: appendReference(y!, x!, 67), tolerance: 0 }],
      },
      {
        kernel: 'structure/take',
        name: shapeName([elements], replicas),
        replicas,
        operands: {
          x: random([elements + 70], 3),
          counters: given([3], Uint32Array.of(5, 2, 67), { shared: true }),
        },
        trace: (_tensors, { x, counters }, graph) => [take(graph, x!, elements, counters!)],
        expect: ({ x }) => [{ values: takeReference(x!, elements, 67), tolerance: 0 }],
      },
      // The last coordinate, and then past the end of the list.
      ...[4, 5, 6].map(
        (at): Trial => ({
          kernel: 'structure/unitVector',
          name: `place ${at}, ${shapeName([elements], replicas)}`,
          replicas,
          operands: {
            places: given([6], (replica) => Uint32Array.of(0, 0, 0, 0, replica % elements, elements - 1)),
            counters: given([3], Uint32Array.of(5, 2, at), { shared: true }),
          },
          trace: (_tensors, { places, counters }, graph) => [
            unitVector(graph, { places: places!, counters: counters! }, elements),
          ],
          expect: ({ places }) => [{ values: unitVectorReference(places!, elements, at), tolerance: 0 }],
        }),
      ),
    ]),
    {
      kernel: 'structure/append',
      name: `rows ${shapeName([33, 7], replicas)}`,
      replicas,
      operands: {
        x: random([33, 7], 5),
        y: random([80, 7], 3, { changed: true }),
        counters: given([3], Uint32Array.of(5, 2, 41), { shared: true }),
      },
      trace: ({ x }, { y, counters }) => {
        append(y!, x!, counters!);
        return [];
      },
      expect: ({ x, y }) => [{ values: appendReference(y!, x!, 7 * 41), tolerance: 0 }],
    },
    {
      kernel: 'structure/copy',
      name: `u32 ${shapeName([65], replicas)}`,
      replicas,
      operands: { x: given([65], (replica) => integers(65, replica, 2 ** 32)) },
      trace: ({ x }) => [x!],
      expect: ({ x }) => [{ values: copy(x!), tolerance: 0 }],
    },
    ...(
      [
        [1, [1, 1], 1, false],
        [33, [1, 3], 65, false],
        [13, [5, 1, 2], 7, false],
        [33, [1, 3], 65, true],
        [5, [13], 7, true],
      ] as const
    ).map(
      ([groups, rows, width, transposed]): Trial => ({
        kernel: 'structure/joinRows',
        name: `${shapeName([groups, ...rows, width], replicas)}${transposed ? ', transposed' : ''}`,
        replicas,
        // The last operand is shared by the replicas.
        operands: Object.fromEntries(
          rows.map((each, i) => {
            const shared = i === rows.length - 1;
            return [`x${i}`, random([groups * each, width], 20 + i, { shared })];
          }),
        ),
        trace: (parts) => [joinRows(Object.values(parts), groups, { transposed })],
        expect: (parts) => [
          {
            values: joinReference(Object.values(parts), { groups, width, transposed }),
            tolerance: 0,
          },
        ],
      }),
    ),
    ...(
      [
        [1, 33, 1],
        [65, 1, 127],
        [33, 127, 1],
        [1, 65, 33],
        [33, 3, 65],
      ] as const
    ).map(
      ([outer, repeated, inner]): Trial => ({
        kernel: 'structure/broadcast',
        name: shapeName([outer, repeated, inner], replicas),
        replicas,
        operands: { x: random([outer, inner], 9) },
        trace: ({ x }) => [broadcast(x!, [outer, repeated, inner], { from: 1, to: 2 })],
        expect: ({ x }) => [{ values: broadcastReference(x!, { outer, repeated, inner }), tolerance: 0 }],
      }),
    ),
  ]);
}
