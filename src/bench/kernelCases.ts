import type { KernelTarget } from '../ops/op.ts';
import type { ConvShape } from '../ops/plans/convPlan.ts';
import type { MatmulForm, MatmulShape } from '../ops/plans/matmulPlan.ts';
import { window2d } from '../ops/window2d.ts';
import { attentionGradientTrial } from '../selftest/cases/attention.ts';
import { convTrialOf } from '../selftest/cases/conv.ts';
import { dropoutTrial } from '../selftest/cases/dropout.ts';
import { binaryTrial, unaryTrial } from '../selftest/cases/elementwise.ts';
import { flatTrials } from '../selftest/cases/flat.ts';
import { lossTrials } from '../selftest/cases/loss.ts';
import { matmulTrial } from '../selftest/cases/matmul.ts';
import { momentsTrial } from '../selftest/cases/moments.ts';
import { normalizeTrial } from '../selftest/cases/norm.ts';
import { poolTrials } from '../selftest/cases/pool.ts';
import { sumTrial } from '../selftest/cases/reduce.ts';
import { copyTrial } from '../selftest/cases/structure.ts';
import { sgdTrial } from '../selftest/cases/training.ts';
import type { Trial } from '../selftest/trial.ts';
import type { KernelsRow, LadderName } from './kernelsReport.ts';
import { attentionLadder, type HeadShape, headFlops } from './ladder/attention.ts';
import { convLadder } from './ladder/conv.ts';
import type { ConvLayer } from './ladder/convLayer.ts';
import { convWeightGradientLadder } from './ladder/convWeightGradient.ts';
import { matmulLadder, type ProductShape } from './ladder/matmul.ts';
import { mlpStepLadder, type StepShape, stepFlops, stepTitle, stepTrial } from './ladder/mlpStep.ts';
import { type LayerShape, momentsLadder } from './ladder/moments.ts';
import { type Ladder, type Rung, rungTrial } from './ladder/rung.ts';
import { sumLadder, type VectorShape } from './ladder/sum.ts';
import { sampledMatmul } from './sampledMatmul.ts';

/** What a row is made of: a trial of the self-test at a shape worth timing, and the work that it asks for. */
export interface KernelCase
  extends Pick<KernelsRow, 'id' | 'family' | 'title' | 'shape' | 'ladder' | 'flops'> {
  readonly trial: Trial;
  /** Why an adapter does not run it, or null. */
  refuses(target: KernelTarget): string | null;
}

/** How large the shapes are: a test's, those that a CPU computes in milliseconds, those that keep a GPU, or a large one, busy. */
export type Scale = 'quick' | 'cpu' | 'gpu' | 'large';

/** GFLOP/s of fma from which on a GPU is a large one; below, the naive rungs would take it seconds. */
const LARGE = 2000;

/** The scale for an adapter whose arithmetic ceiling was measured. */
export function scaleFor(software: boolean, gflops: number): Scale {
  if (software) return 'cpu';
  return gflops < LARGE ? 'gpu' : 'large';
}

interface Sizes {
  /** Edges of square products: of the ladder, whose first rungs are slow, and of what the planner takes. */
  readonly ladderCubes: readonly number[];
  readonly cubes: readonly number[];
  /** Elements of vectors, likewise. */
  readonly ladderVectors: readonly number[];
  readonly vectors: readonly number[];
  readonly layers: readonly LayerShape[];
  /** Rows and columns of what is summed along an axis. */
  readonly matrix: readonly [number, number];
  readonly images: number;
  readonly heads: HeadShape;
}

const LAYERS: readonly LayerShape[] = [
  { batch: 64, inputs: 784, outputs: 128 },
  { batch: 512, inputs: 784, outputs: 128 },
];

const SIZES: Readonly<Record<Scale, Sizes>> = {
  quick: {
    ladderCubes: [128],
    cubes: [64],
    ladderVectors: [2 ** 12],
    vectors: [2 ** 14],
    layers: [{ batch: 16, inputs: 64, outputs: 32 }],
    matrix: [64, 128],
    images: 4,
    heads: { matrices: 2, places: 32, width: 16 },
  },
  cpu: {
    ladderCubes: [192],
    cubes: [256],
    ladderVectors: [2 ** 18],
    vectors: [2 ** 20],
    layers: [
      { batch: 64, inputs: 784, outputs: 128 },
      { batch: 512, inputs: 128, outputs: 32 },
    ],
    matrix: [1024, 1024],
    images: 32,
    heads: { matrices: 8, places: 128, width: 32 },
  },
  gpu: {
    ladderCubes: [512, 1024],
    cubes: [512, 1024],
    ladderVectors: [2 ** 20, 2 ** 22],
    vectors: [2 ** 20, 2 ** 22],
    layers: LAYERS,
    matrix: [2048, 2048],
    images: 128,
    heads: { matrices: 64, places: 256, width: 64 },
  },
  large: {
    ladderCubes: [1024, 2048],
    cubes: [1024, 2048, 4096],
    ladderVectors: [2 ** 20, 2 ** 24],
    vectors: [2 ** 20, 2 ** 24],
    layers: LAYERS,
    matrix: [4096, 4096],
    images: 256,
    heads: { matrices: 128, places: 256, width: 64 },
  },
};

/** Every row of the bench at one scale, ladders first. */
export function kernelCases(scale: Scale): KernelCase[] {
  const sizes = SIZES[scale];
  return [
    ...sizes.ladderCubes.flatMap((n) => rungs('matmul', matmulLadder, { m: n, n, k: n }, productFlops)),
    ...sizes.ladderVectors.flatMap((elements) => rungs('reduce', sumLadder, { elements }, (s) => s.elements)),
    ...sizes.layers.slice(0, 1).flatMap((layer) => rungs('moments', momentsLadder, layer, layerFlops)),
    ...rungs('conv', convLadder, ladderLayer(sizes), convFlops),
    ...rungs('conv', convWeightGradientLadder, ladderLayer(sizes), convFlops),
    ...rungs('attention', attentionLadder, sizes.heads, headFlops),
    ...stepRungs(sizes),
    ...products(sizes),
    ...sums(sizes),
    ...layerMoments(sizes),
    ...attended(sizes),
    ...convolutions(sizes),
    ...pointwise(sizes),
    ...networkParts(sizes),
    ...training(sizes),
  ];
}

/** Families in the order of their first rows. */
export const FAMILIES: readonly string[] = [...new Set(kernelCases('quick').map(({ family }) => family))];

function productFlops({ m, n, k }: ProductShape): number {
  return 2 * m * n * k;
}

/** A product, and a sum, a square and its sum about an example; see shaders/moments/dense.wgsl. */
function layerFlops({ batch, inputs, outputs }: LayerShape): number {
  return 6 * batch * inputs * outputs;
}

/** The second convolution of a LeNet. */
function ladderLayer({ images }: Sizes): ConvLayer {
  return { images, channels: 8, outChannels: 16, side: 12, kernel: 5 };
}

function convFlops({ images, channels, outChannels, side, kernel }: ConvLayer): number {
  return 2 * images * outChannels * (side - kernel + 1) ** 2 * channels * kernel ** 2;
}

function rungs<S extends ProductShape | VectorShape | LayerShape | ConvLayer | HeadShape>(
  family: string,
  ladder: Ladder<S>,
  shape: S,
  flops: (shape: S) => number,
): KernelCase[] {
  const expect = remembered((values) => ladder.expect(shape, values));
  return ladder.rungs.map((rung: Rung<S>) => ({
    id: `${ladder.name} ladder ${rung.number} ${ladder.title(shape)}`,
    family,
    title: `${ladder.name} ladder ${rung.number}`,
    shape: ladder.title(shape),
    ladder: { name: ladder.name as LadderName, number: rung.number, title: rung.title },
    flops: flops(shape),
    trial: { ...rungTrial(ladder, rung, shape), expect },
    refuses: (target) => {
      const plan = rung.plan(shape, target);
      return typeof plan === 'string' ? plan : null;
    },
  }));
}

/** A layer of the sizes, and ten classes behind it. */
function stepRungs({ layers: [{ batch, inputs, outputs: hidden } = LAYERS[0]!] }: Sizes): KernelCase[] {
  const step: StepShape = { batch, inputs, hidden, classes: 10 };
  const { name, rungs: versions } = mlpStepLadder;
  const shape = stepTitle(step);
  return versions.map((rung) => ({
    id: `${name} ladder ${rung.number} ${shape}`,
    family: 'training',
    title: `${name} ladder ${rung.number}`,
    shape,
    ladder: { name, number: rung.number, title: rung.title },
    flops: stepFlops(step),
    trial: stepTrial(rung, step),
    refuses: () => null,
  }));
}

/** All rungs have the same operands, so float64 computes once. */
function remembered(expect: Trial['expect']): Trial['expect'] {
  let known: ReturnType<Trial['expect']> | undefined;
  return (values) => {
    known ??= expect(values);
    return known;
  };
}

function production(family: string, title: string, shape: string, flops: number, trial: Trial): KernelCase {
  const id = `${family} ${title} ${shape}`;
  return { id, family, title, shape, ladder: null, flops, trial, refuses: () => null };
}

function products({ cubes, layers }: Sizes): KernelCase[] {
  const square = (form: MatmulForm, n: number): KernelCase => {
    const shape = { m: n, n, k: n };
    const trial: Trial = {
      ...matmulTrial({ form, ...shape }),
      expect: ({ a, b }) => [sampledMatmul(form, a!, b!, shape)],
    };
    return production('matmul', form, `${n}×${n}×${n}`, productFlops(shape), trial);
  };
  const { batch, inputs, outputs } = layers[0]!;
  const layer: MatmulShape = { form: 'NT', m: batch, n: outputs, k: inputs, bias: true, activation: 'relu' };
  const vector: MatmulShape = { form: 'NN', m: 1, n: outputs, k: inputs };
  const product = (title: string, shape: MatmulShape): KernelCase =>
    production('matmul', title, `${shape.m}×${shape.k}×${shape.n}`, productFlops(shape), matmulTrial(shape));
  return [
    ...cubes.flatMap((n) => (['NN', 'NT', 'TN'] as const).map((form) => square(form, n))),
    product('NT with bias and ReLU', layer),
    product('NN, a vector', vector),
  ];
}

function sums({ vectors, matrix: [rows, columns] }: Sizes): KernelCase[] {
  const of = (title: string, shape: readonly [number, number, number], words: string): KernelCase =>
    production(
      'reduce',
      title,
      words,
      shape[0] * shape[1] * shape[2],
      sumTrial({ outer: shape[0], reduced: shape[1], inner: shape[2] }),
    );
  return [
    ...vectors.map((elements) => of('sum', [1, elements, 1], `${elements}`)),
    of('row sums', [rows, columns, 1], `${rows}×${columns}`),
    of('column sums', [1, rows, columns], `${rows}×${columns}`),
  ];
}

function layerMoments({ layers }: Sizes): KernelCase[] {
  return layers.map((layer) =>
    production(
      'moments',
      'gradient, centred squares, norms',
      momentsLadder.title(layer),
      layerFlops(layer) + 2 * layer.batch * (layer.inputs + layer.outputs),
      momentsTrial(layer, false, 1),
    ),
  );
}

/** What a training step asks for: two products forwards, five backwards. */
function attended({ heads }: Sizes): KernelCase[] {
  const trial = attentionGradientTrial({ ...heads, causal: true }, 'keys', 1, 1);
  const shape = attentionLadder.title(heads);
  return [production('attention', 'forwards and backwards', shape, 3.5 * headFlops(heads), trial)];
}

function convolutions({ images }: Sizes): KernelCase[] {
  const [channels, outChannels, size] = [8, 16, 14];
  const shape: ConvShape = {
    images,
    channels,
    height: size,
    width: size,
    outChannels,
    outHeight: size,
    outWidth: size,
    window: window2d('bench', [3, 3], { stride: [1, 1], padding: [1, 1] }),
  };
  const flops = 2 * images * outChannels * size * size * channels * 9;
  const words = `${channels} → ${outChannels}, 3×3 on ${size}×${size}, B = ${images}`;
  return [
    production('conv', 'forward', words, flops, convTrialOf.conv2d!(shape)),
    production('conv', 'input gradient', words, flops, convTrialOf.conv2dInputGradient!(shape)),
    production('conv', 'weight gradient', words, flops, convTrialOf.conv2dWeightGradient!(shape)),
    production(
      'moments',
      'of a convolution',
      words,
      flops + 5 * images * outChannels * channels * 9,
      convTrialOf.convMoments!(shape),
    ),
  ];
}

/** Elements of a pointwise result that are compared, where there are more. */
const COMPARED = 2 ** 17;

/** Of a result whose elements are each computed from those at its place, as many, spread over all of it. */
function sampled(trial: Trial): Trial {
  return {
    ...trial,
    expect: (values) => {
      const elements = Object.values(values)[0]!.length;
      // An odd step, so that every place in a vec4 and in a workgroup is met.
      const step = Math.ceil(elements / COMPARED) | 1;
      const at = Uint32Array.from({ length: Math.ceil(elements / step) }, (_, i) => i * step);
      const some = Object.entries(values).map(([name, all]) => [name, Float32Array.from(at, (i) => all[i]!)]);
      return trial.expect(Object.fromEntries(some)).map((expected) => ({ ...expected, at }));
    },
  };
}

/** A transcendental function counts as one operation. */
function pointwise({ vectors }: Sizes): KernelCase[] {
  return vectors
    .slice(-1)
    .flatMap((elements) => [
      production('structure', 'copy', `${elements}`, 0, copyTrial(elements, 1)),
      production('elementwise', 'ReLU', `${elements}`, elements, sampled(unaryTrial('relu', elements, 1, 1))),
      production(
        'elementwise',
        'GELU',
        `${elements}`,
        5 * elements,
        sampled(unaryTrial('gelu', elements, 1, 1)),
      ),
      production('elementwise', 'add', `${elements}`, elements, sampled(binaryTrial('add', elements, 1, 1))),
      production('random', 'dropout', `${elements}`, elements, dropoutTrial(elements, 0.5, 0, 1)),
    ]);
}

function networkParts({ images, matrix: [rows] }: Sizes): KernelCase[] {
  const [channels, size, classes] = [16, 14, 10];
  const normalised = [images, channels, size * size] as const;
  const elements = images * channels * size * size;
  const pooled: readonly [number, number, number, number] = [images, channels, size, size];
  const maxPool = poolTrials([[pooled, [2, 2], [2, 2], [0, 0], 1]]).find(({ kernel }) =>
    [kernel].flat().includes('pool/maxPool2d'),
  )!;
  const loss = lossTrials([[rows, classes]]).find(({ name }) =>
    name.startsWith('loss and gradient of the mean'),
  )!;
  return [
    production(
      'norm',
      'batch normalisation',
      normalised.join('×'),
      6 * elements,
      normalizeTrial({ outer: normalised[0], channels: normalised[1], inner: normalised[2] }),
    ),
    production('loss', 'cross-entropy and its gradient', `${rows}×${classes}`, 7 * rows * classes, loss),
    production('pool', 'max 2×2', pooled.join('×'), (3 / 4) * elements, maxPool),
  ];
}

function training({ layers }: Sizes): KernelCase[] {
  const { inputs, outputs } = layers[0]!;
  const parameters = 4 * Math.ceil((inputs * outputs) / 4);
  const rows = 16;
  const flat = flatTrials([[rows, parameters]]);
  const of = (kernel: string): Trial => flat.find((trial) => trial.kernel === kernel)!;
  return [
    production('flat', 'dots', `${rows}×${parameters}`, 2 * rows * parameters, of('flat/dots')),
    production('flat', 'combination', `${rows}×${parameters}`, 2 * rows * parameters, of('flat/combine')),
    production(
      'training',
      'SGD, momentum, weight decay',
      `${parameters}`,
      8 * parameters,
      sgdTrial(parameters / 4, 0, 3, 1),
    ),
  ];
}
