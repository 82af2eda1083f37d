import {
  avgPool2d,
  avgPool2dGradient,
  maxPool2d,
  poolGather,
  poolScatter,
  window2d,
} from '../../ops/index.ts';
import * as reference from '../../reference/pool2d.ts';
import { sumTolerance } from '../tolerance.ts';
import { shapeName, type Trial, type Values } from '../trial.ts';
import { given, random } from '../values.ts';

/** Images [n, channels, height, width], windows, and how many replicas. */
type Case = readonly [
  images: readonly [number, number, number, number],
  kernel: readonly [number, number],
  stride: readonly [number, number],
  padding: readonly [number, number],
  replicas: 1 | 3,
];

/** Windows apart, ragged and overlapping. */
const CASES: readonly Case[] = [
  [[1, 1, 1, 1], [1, 1], [1, 1], [0, 0], 1],
  [[2, 3, 9, 7], [2, 2], [2, 2], [0, 0], 3],
  [[33, 1, 3, 5], [1, 2], [2, 3], [0, 0], 1],
  [[1, 2, 65, 127], [2, 3], [2, 3], [0, 0], 1],
  [[3, 2, 11, 6], [3, 2], [2, 1], [1, 0], 1],
  [[2, 1, 33, 31], [5, 5], [6, 5], [0, 0], 1],
  [[1, 5, 13, 13], [3, 3], [1, 1], [1, 1], 3],
];

export function poolTrials(cases: readonly Case[] = CASES): Trial[] {
  return cases.flatMap(([images, kernel, stride, padding, replicas]): Trial[] => {
    const [n, channels, height, width] = images;
    const planes = n * channels;
    const extents = { planes, height, width, kernel, stride, padding };
    const window = window2d('selftest', kernel, { stride, padding });
    const name = `${shapeName(images, replicas)}, window ${kernel.join(' × ')}, stride ${stride.join(' ')}`;
    const x = random(images, 1);
    const chosen = (replica: number) => reference.maxPool2d(extents, x.values(replica) as Values).indices;
    const outputs = [
      n,
      channels,
      ...[0, 1].map((i) => Math.floor((images[2 + i]! + 2 * padding[i]! - kernel[i]!) / stride[i]! + 1)),
    ];
    const indices = given(outputs, chosen);
    const dy = random(outputs, 2);
    const taps = kernel[0] * kernel[1];
    const plane = height * width;
    const perPlane = outputs[2]! * outputs[3]!;
    return [
      {
        kernel: ['pool/maxPool2d', 'pool/maxPool2dInside'],
        name,
        replicas,
        operands: { x },
        trace: ({ x }) => maxPool2d(x!, kernel, { stride, padding }).node.outputs,
        expect: ({ x }) => {
          const expected = reference.maxPool2d(extents, x!);
          return [
            { values: expected.y, tolerance: 0 },
            { values: expected.indices, tolerance: 0 },
          ];
        },
      },
      {
        kernel: 'pool/poolGather',
        name,
        replicas,
        operands: { x: random(images, 3), indices },
        trace: ({ x, indices }) => [poolGather(x!, indices!, window)],
        expect: ({ x, indices }) => [
          {
            values: Float64Array.from(indices!, (at, i) => x![Math.floor(i / perPlane) * plane + at]!),
            tolerance: 0,
          },
        ],
      },
      {
        kernel: ['pool/poolScatter', 'pool/poolScatterApart'],
        name,
        replicas,
        operands: { dy, indices },
        trace: ({ dy, indices }) => [poolScatter(dy!, indices!, window, [height, width])],
        expect: ({ dy, indices }) => [
          {
            values: reference.maxPool2dGradient(extents, indices!, dy!),
            tolerance: sumTolerance(taps, Math.sqrt(taps)),
          },
        ],
      },
      {
        kernel: 'pool/avgPool2d',
        name,
        replicas,
        operands: { x },
        trace: ({ x }) => [avgPool2d(x!, kernel, { stride, padding })],
        expect: ({ x }) => [{ values: reference.avgPool2d(extents, x!), tolerance: sumTolerance(taps, 1) }],
      },
      {
        kernel: 'pool/avgPool2dGradient',
        name,
        replicas,
        operands: { dy },
        trace: ({ dy }) => [avgPool2dGradient(dy!, window, [height, width])],
        expect: ({ dy }) => [
          { values: reference.avgPool2dGradient(extents, dy!), tolerance: sumTolerance(taps, 1) },
        ],
      },
    ];
  });
}
