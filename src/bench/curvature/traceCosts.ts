import type { Gpu } from '../../gpu/device.ts';
import { orLost } from '../../gpu/orLost.ts';
import { Scope } from '../../gpu/scope.ts';
import { inTurn, medianOf } from '../../gpu/timedProgram.ts';
import { exactTrace } from '../../measure/curvature/hessianTrace.ts';
import { CurvatureOperator } from '../../measure/curvature/operator.ts';
import { QuadraticForms } from '../../measure/curvature/quadraticForms.ts';
import { signVector } from '../../measure/curvature/signVector.ts';
import { vectorsAtOnce } from '../../measure/curvature/vectorsAtOnce.ts';
import { openPoint } from '../../measure/openPoint.ts';
import type { Point } from '../../measure/pass.ts';
import { initialStateDict } from '../../nn/init.ts';
import { type ModelSpec, parseModel } from '../../nn/modelSpec.ts';
import { dimension } from '../../ops/flat.ts';
import { size } from '../../ops/graph.ts';
import { uniform } from '../uniform.ts';

/** A way to have vᵀHv of vectors over a data set. Milliseconds a vector, one number a round. */
export interface VectorRow {
  readonly what: string;
  readonly samples: readonly number[];
  readonly median: number;
  /** Over a product by itself: of the medians, and the least and largest of single rounds. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  /** What the ratio may be at most; null where nothing is promised. */
  readonly limit: number | null;
}

/** What vectors cost side by side, and an exact trace, which takes one for every parameter. */
export interface TraceCosts {
  readonly model: string;
  readonly parameters: number;
  readonly examples: number;
  /** Vectors side by side. */
  readonly width: number;
  readonly rows: readonly VectorRow[];
  /** tr H */
  readonly trace: number;
  /** |vᵀHv − v·Hv| over |v||Hv|, the largest of the vectors. */
  readonly agreement: number;
  /** A product beside others has the bits that it has by itself. */
  readonly sameBits: boolean;
  readonly wrong: boolean;
}

/** Each row over a product by itself; fixed before anything was measured. */
const LIMIT = 0.25;
/** A sample is of so many milliseconds at the least. */
const SAMPLE = 200;
/** An exact trace is a sample of its own, of a second or more. */
const MOST_ROUNDS = 7;
/** Past this relative difference, results are wrong. */
const TOLERANCE = 1e-5;

interface TracedModel {
  readonly name: string;
  readonly model: ModelSpec;
  readonly shape: readonly number[];
  readonly examples: number;
  readonly classes: number;
}

const MODELS: readonly TracedModel[] = [
  {
    name: 'CNN: 5×5 convolutions to 6 and 8 channels, pooling, linear',
    shape: [1, 28, 28],
    examples: 24,
    classes: 10,
    model: parseModel('bench', {
      layers: [
        { type: 'Conv2d', in_channels: 1, out_channels: 6, kernel_size: 5 },
        { type: 'ReLU' },
        { type: 'MaxPool2d', kernel_size: 2 },
        { type: 'Conv2d', in_channels: 6, out_channels: 8, kernel_size: 5 },
        { type: 'ReLU' },
        { type: 'MaxPool2d', kernel_size: 2 },
        { type: 'Flatten' },
        { type: 'Linear', in_features: 128, out_features: 10 },
      ],
      loss: 'cross_entropy',
    }),
  },
  {
    name: 'MLP 20-40-40-5, tanh',
    shape: [20],
    examples: 64,
    classes: 5,
    model: parseModel('bench', {
      layers: [
        { type: 'Linear', in_features: 20, out_features: 40 },
        { type: 'Tanh' },
        { type: 'Linear', in_features: 40, out_features: 40 },
        { type: 'Tanh' },
        { type: 'Linear', in_features: 40, out_features: 5 },
      ],
      loss: 'cross_entropy',
    }),
  },
];

/** Times vᵀHv by one product a pass, by products side by side, and by second derivatives; and an exact trace, opened anew in each round. */
export async function traceCosts(gpu: Gpu, rounds: number): Promise<TraceCosts[]> {
  const found: TraceCosts[] = [];
  for (const model of MODELS) found.push(await costsOf(gpu, model, Math.min(rounds, MOST_ROUNDS)));
  return found;
}

function costsOf(
  gpu: Gpu,
  { name, model, shape, examples, classes }: TracedModel,
  rounds: number,
): Promise<TraceCosts> {
  return Scope.within(async (scope) => {
    const dataset = {
      name,
      x: uniform(examples * size(shape), 1, -1, 1),
      exampleShape: [...shape],
      examples,
      targets: {
        kind: 'classes' as const,
        labels: Uint32Array.from(uniform(examples, 2, 0, classes)),
        classes,
      },
    };
    const weights = new Map([...initialStateDict(model, 1)].map(([key, { data }]) => [key, data]));
    const opened = scope.own(openPoint(gpu, { model, mode: 'train', dataset, weights }));
    const { point } = opened;
    const parameters = dimension(point.layout);
    const width = vectorsAtOnce(point, parameters);
    const alone = scope.own(await CurvatureOperator.open(gpu, point, 1));
    const beside = scope.own(await CurvatureOperator.open(gpu, point, width));
    const forms = scope.own(await QuadraticForms.open(gpu, point, width, 'hessian'));
    let trace = 0;
    const ways: Record<string, () => Promise<number>> = {
      [ALONE]: () => perVector(gpu, alone, 1),
      [`H·v, ${width} side by side`]: () => perVector(gpu, beside, width),
      [`vᵀHv, ${width} side by side`]: () => perVector(gpu, forms, width),
      [EXACT]: async () => {
        const started = performance.now();
        trace = (await exactTrace(gpu, point, 'hessian')).value;
        return (performance.now() - started) / parameters;
      },
    };
    const checked = await check(point, { alone, beside, forms }, width);
    const names = Object.keys(ways);
    const samples = new Map(names.map((each) => [each, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      for (const each of inTurn(names, round)) samples.get(each)!.push(await ways[each]!());
    }
    const base = samples.get(ALONE)!;
    const rows = names.map((what): VectorRow => {
      const times = samples.get(what)!;
      const single = times.map((ms, round) => ms / base[round]!);
      const median = medianOf(times);
      return {
        what,
        samples: times,
        median,
        ratio: { median: median / medianOf(base), min: Math.min(...single), max: Math.max(...single) },
        limit: what === EXACT ? LIMIT : null,
      };
    });
    return { model: name, parameters, examples, width, rows, trace, ...checked };
  });
}

const ALONE = 'H·v, one vector a pass';
const EXACT = 'a coordinate of the exact trace, compiling included';

/** Milliseconds a vector of what is applied again and again. */
async function perVector(
  gpu: Gpu,
  of: Pick<CurvatureOperator | QuadraticForms, 'apply'>,
  width: number,
): Promise<number> {
  const done = (): Promise<undefined> => orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
  await of.apply();
  await done();
  const started = performance.now();
  let applied = 0;
  while (performance.now() - started < SAMPLE) {
    for (let i = 0; i < 4; i++) await of.apply();
    await done();
    applied += 4;
  }
  return (performance.now() - started) / applied / width;
}

/** The same vectors by all three. */
async function check(
  { layout }: Point,
  { alone, beside, forms }: { alone: CurvatureOperator; beside: CurvatureOperator; forms: QuadraticForms },
  width: number,
): Promise<Pick<TraceCosts, 'agreement' | 'sameBits' | 'wrong'>> {
  const vectors = Array.from({ length: width }, (_, probe) => signVector(layout, 1, probe));
  const [one, many] = [await alone.times(vectors.slice(0, 3)), await beside.times(vectors)];
  forms.directions.writeAll(Float32Array.from(vectors.flatMap((v) => [...v])));
  await forms.apply();
  const found = await forms.forms.items();
  const sameBits = one.every((product, i) => product.every((value, k) => Object.is(value, many[i]![k])));
  const apart = vectors.map((v, i) => {
    const product = many[i]!;
    return Math.abs(found[i]! - dot(v, product)) / Math.sqrt(dot(v, v) * dot(product, product));
  });
  const agreement = Math.max(...apart);
  return { agreement, sameBits, wrong: !(agreement <= TOLERANCE && sameBits) };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
