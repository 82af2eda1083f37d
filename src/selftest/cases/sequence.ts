import {
  concatenate,
  embedding,
  embeddingGradient,
  pad,
  permute,
  slice,
  softmax,
  where,
} from '../../ops/index.ts';
import { lookups } from '../../ops/perExample/lookups.ts';
import { embedding as embeddingReference, embeddingGradient as scatter } from '../../reference/embedding.ts';
import { joinRows } from '../../reference/joinRows.ts';
import { permute as permuteReference } from '../../reference/permute.ts';
import { slice as sliceReference } from '../../reference/slice.ts';
import { softmaxCausal } from '../../reference/softmaxCausal.ts';
import { where as whereReference } from '../../reference/where.ts';
import { expError, sumTolerance, U } from '../tolerance.ts';
import { EDGES, shapeName, type Trial } from '../trial.ts';
import { given, integers, random } from '../values.ts';

/** Orders of two, three and four axes that do not go together, and of five, which takes several passes. */
const ORDERS = [
  { shape: [33, 65], order: [1, 0] },
  { shape: [5, 1, 127], order: [2, 1, 0] },
  { shape: [3, 33, 5], order: [1, 0, 2] },
  { shape: [2, 7, 3, 5], order: [0, 2, 1, 3] },
  { shape: [3, 5, 7, 2], order: [3, 1, 0, 2] },
  { shape: [2, 3, 5, 2, 3], order: [4, 2, 0, 3, 1] },
] as const;

function permuteTrials(): Trial[] {
  return ORDERS.map(({ shape, order }, i): Trial => {
    const replicas = i % 2 ? 3 : 1;
    return {
      kernel: 'sequence/permute',
      name: `axes ${order.join(', ')} of ${shapeName(shape, replicas)}`,
      replicas,
      operands: { x: random(shape, i) },
      trace: ({ x }) => [permute(x!, order)],
      expect: ({ x }) => [{ values: permuteReference(x!, shape, order), tolerance: 0 }],
    };
  });
}

/** [outer, length, inner], and the piece of the middle axis. */
const PIECES = [
  [1, 1, 33, 0, 1],
  [33, 65, 1, 3, 64],
  [5, 127, 7, 126, 127],
  [3, 4, 33, 0, 3],
] as const;

function sliceTrials(): Trial[] {
  return PIECES.flatMap(([outer, length, inner, start, end], i): Trial[] => {
    const replicas = i % 2 ? 3 : 1;
    const extent = end - start;
    const common = { kernel: 'sequence/slice', replicas } as const;
    return [
      {
        ...common,
        name: `padded, ${start} to ${end} of ${shapeName([outer, length, inner], replicas)}`,
        operands: { x: random([outer, extent, inner], i) },
        trace: ({ x }) => [pad(x!, 1, start + 1, length - end)],
        expect: ({ x }) => [
          {
            values: sliceReference(x!, { outer, length: extent, inner }, -start - 1, length + 1),
            tolerance: 0,
          },
        ],
      },
      ...(extent === length
        ? []
        : [
            {
              ...common,
              name: `${start} to ${end} of ${shapeName([outer, length, inner], replicas)}`,
              operands: { x: random([outer, length, inner], i) },
              trace: ({ x }) => [slice(x!, 1, start, end)],
              expect: ({ x }) => [
                { values: sliceReference(x!, { outer, length, inner }, start, extent), tolerance: 0 },
              ],
            } satisfies Trial,
          ]),
    ];
  });
}

function concatenateTrial(): Trial {
  const [outer, inner, extents] = [5, 33, [1, 7, 3]];
  return {
    kernel: 'structure/joinRows',
    name: `concatenate ${extents.join(' + ')} of ${shapeName([outer, inner], 3)}`,
    replicas: 3,
    operands: Object.fromEntries(extents.map((n, i) => [`x${i}`, random([outer, n, inner], i)])),
    trace: (parts) => [concatenate(Object.values(parts), 1)],
    expect: (parts) => [
      {
        values: joinRows(Object.values(parts), { groups: outer, width: inner, transposed: false }),
        tolerance: 0,
      },
    ],
  };
}

function whereTrials(): Trial[] {
  return EDGES.flatMap((elements): Trial[] => {
    const floats = Float32Array.from(integers(elements, 3, 4), (v) => [0, -0, 2, Number.NaN][v]!);
    return [given([elements], (replica) => integers(elements, replica, 2)), given([elements], floats)].map(
      (mask, i): Trial => ({
        kernel: 'sequence/where',
        name: `by ${i ? 'floats' : 'integers'}, ${shapeName([elements], 3)}`,
        replicas: 3,
        operands: { mask, x: random([elements], 1), y: random([elements], 2) },
        trace: ({ mask, x, y }) => [where(mask!, x!, y!)],
        expect: ({ mask, x, y }) => [{ values: whereReference(mask!, x!, y!), tolerance: 0 }],
      }),
    );
  });
}

/** Matrices of logits in [−6, 6]; what is right of the diagonal is NaN, and must not count. */
function causalTrials(): Trial[] {
  return (
    [
      [1, 1],
      [3, 33],
      [2, 65],
      [1, 127],
    ] as const
  ).map(([matrices, places], i): Trial => {
    const replicas = i % 2 ? 3 : 1;
    const z = random([matrices, places, places], i, { low: -6, high: 6 });
    const isLeft = (at: number): boolean => at % places <= Math.floor(at / places) % places;
    return {
      kernel: 'sequence/softmaxCausal',
      name: shapeName([matrices, places, places], replicas),
      replicas,
      operands: {
        z: {
          ...z,
          values: (replica) => (z.values(replica) as Float32Array).map((v, at) => (isLeft(at) ? v : NaN)),
        },
      },
      trace: ({ z }) => [softmax(z!, { causal: true })],
      expect: ({ z }) => [
        {
          values: softmaxCausal(z!, places),
          tolerance: 2 * expError(12) + U * (6 + 4 * Math.sqrt(places)),
        },
      ],
    };
  });
}

/** [examples, places, entries, width]: one token, two entries, more entries than rows, and rows in several blocks. */
const TABLES = [
  [1, 1, 2, 1],
  [3, 33, 2, 65],
  [5, 7, 127, 33],
  [33, 1, 65, 3],
  [8, 65, 3, 5],
] as const;

function embeddingTrials(): Trial[] {
  return TABLES.flatMap(([examples, places, entries, width], i): Trial[] => {
    const replicas = i % 2 ? 3 : 1;
    const rows = examples * places;
    const index = given([examples, places], (replica) => integers(rows, 7 + replica, entries));
    const d = random([examples, places, width], i);
    const name = `${entries} × ${width} by ${shapeName([examples, places], replicas)}`;
    const common = { name, replicas } as const;
    // An entry's share of the rows, numbers of up to 1 each.
    const each = Math.max(1, Math.ceil((2 * rows) / entries));
    const both: Trial[] = [
      {
        ...common,
        kernel: 'sequence/embeddingGradient',
        operands: { d, index },
        trace: ({ d, index }) => [embeddingGradient(d!, index!, entries)],
        expect: ({ d, index }) => [
          {
            values: scatter(d!, index!, { entries, width }),
            tolerance: sumTolerance(each, Math.sqrt(each)),
          },
        ],
      },
      {
        ...common,
        kernel: 'sequence/embeddingMoments',
        operands: { d, index },
        trace: ({ d, index }) => {
          const { gradient, centredSquares } = lookups(index!, d!, { examples, entries }).moments();
          return [gradient, centredSquares];
        },
        expect: ({ d, index }) => momentsOf(d!, index!, { examples, places, entries, width }),
      },
      {
        ...common,
        kernel: 'sequence/embeddingNorms',
        operands: { d, index },
        trace: ({ d, index }) => {
          const gradient = lookups(index!, d!, { examples, entries });
          return [gradient.norms(), gradient.norms(examples)];
        },
        expect: ({ d, index }) =>
          [1, examples].map((unit) => {
            const values = Float64Array.from({ length: examples / unit }, (_, u) => {
              const [from, to] = [u * unit * places, (u + 1) * unit * places];
              const g = scatter(d!.subarray(from * width, to * width), index!.subarray(from, to), {
                entries,
                width,
              });
              return g.reduce((sum, v) => sum + v * v, 0);
            });
            return { values, tolerance: values.map((v) => (v + 1) * 8 * U * (places * unit + 8)) };
          }),
      },
    ];
    return [
      {
        ...common,
        kernel: 'sequence/embedding',
        operands: { table: random([entries, width], i), index },
        trace: ({ table, index }) => [embedding(table!, index!)],
        expect: ({ table, index }) => [{ values: embeddingReference(table!, index!, width), tolerance: 0 }],
      },
      ...both.flatMap((trial) => [trial, { ...trial, asGpu: true }]),
    ];
  });
}

/** Mean and centred squares of the examples' gradients, formed one by one in float64. */
function momentsOf(
  d: Float32Array | Uint32Array,
  index: Float32Array | Uint32Array,
  { examples, places, entries, width }: Readonly<Record<'examples' | 'places' | 'entries' | 'width', number>>,
) {
  const each = Array.from({ length: examples }, (_, n) =>
    scatter(
      d.subarray(n * places * width, (n + 1) * places * width),
      index.subarray(n * places, (n + 1) * places),
      { entries, width },
    ),
  );
  const mean = Float64Array.from(each[0]!, (_, i) => each.reduce((sum, g) => sum + g[i]!, 0) / examples);
  const squares = mean.map((m, i) => each.reduce((sum, g) => sum + (g[i]! - m) ** 2, 0));
  const largest = Math.max(1, ...each.map((g) => Math.max(...g.map(Math.abs))));
  return [
    { values: mean, tolerance: sumTolerance(examples + places, largest) },
    { values: squares, tolerance: squares.map((v) => 8 * U * largest * (places + examples) * (1 + v)) },
  ];
}

/** Kernels of sequences: axes, pieces, masks, and tables that are looked up. */
export function sequenceTrials(): Trial[] {
  return [
    ...permuteTrials(),
    ...sliceTrials(),
    concatenateTrial(),
    ...whereTrials(),
    ...causalTrials(),
    ...embeddingTrials(),
  ];
}
