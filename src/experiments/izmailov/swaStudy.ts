import { withDataOptions } from '../../data/dataOptions.ts';
import type { Dataset } from '../../data/dataset.ts';
import { firstExamples } from '../../data/firstExamples.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { ByteSource } from '../../host/byteSource.ts';
import { InputError } from '../../host/inputError.ts';
import type { WorkEvent } from '../../host/workEvent.ts';
import { difference } from '../../measure/landscape/flatGeometry.ts';
import type { LandscapeInput } from '../../measure/landscape/landscapeInput.ts';
import { initialStatistics } from '../../nn/batchNorm.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import type { Study } from '../claim.ts';
import { relay } from '../relay.ts';
import { captureGeometry, meanOf } from './captureGeometry.ts';
import { ensembleValues, scalingOf, softmaxRows } from './ensemble.ts';
import { planeOf, raysFrom, segmentBetween } from './lookAround.ts';
import { Solutions, type SolutionValues } from './solutions.ts';
import { type Along, type PlaneEvidence, type SwaEvidence, swaEvidenceSchema } from './swaEvidence.ts';
import { swaNet } from './swaNet.ts';
import { type ArmWeights, trainArms } from './trainArms.ts';

/**
 * The study of weight averaging (Izmailov et al. 2018), on a convolutional network with BatchNorm and augmentation. A unit is a trunk: initial
 * weights, subset, order and augmentation of its own. Over three quarters of the budget it has a constant ε; from its state go on plain SGD, whose ε
 * decays over the last quarter of budgets of 1, 1.25 and 1.5, one run of each; and SGD at a constant ε and in cycles, whose weights
 * after each cycle, the captures, are averaged up to each budget. In a last arm, `still`, ε falls at once to the hundredth: its weights hardly
 * move, so that their average is nothing but one of them. Everything is evaluated in eval mode with BatchNorm's statistics made by a pass over
 * the training data, those of SGD too.
 */
export type SwaProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly channels: number;
  readonly steps: number;
  readonly cycle: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly constant: number;
  readonly cyclic: number;
  readonly least: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly shift: number;
  readonly tested: number;
  readonly looked: number;
  readonly rays: number;
  readonly radius: number;
  readonly filterRadius: number;
  readonly plane: number;
  readonly units: number;
  readonly seed: number;
};

/** A trunk with its arms. */
export type SwaCell = Omit<SwaProtocol, 'units' | 'seed'> & { readonly unit: number };

const STANDARD: SwaProtocol = {
  data: 'fashion-mnist?average_pool=2',
  examples: 500,
  channels: 8,
  steps: 3840,
  cycle: 160,
  batchSize: 50,
  lr: 0.1,
  constant: 0.6,
  cyclic: 0.6,
  least: 0.01,
  momentum: 0.9,
  weightDecay: 5e-4,
  shift: 1,
  tested: 10_000,
  looked: 500,
  rays: 6,
  radius: 5,
  filterRadius: 0.5,
  plane: 7,
  units: 7,
  seed: 1000,
};

/** Seconds on SwiftShader with two cores: of a step of a replica by example and channel, and of a forward pass. Pilot of 27 November 2026. */
const STEP = 1.7e-5;
const FORWARD = 5e-6;

/** Examples of a batch of the pass for BatchNorm's statistics. */
const STATISTICS_BATCH = 500;
/** Captures of each arm that are evaluated at the most, evenly spaced. */
const MOST_CAPTURES = 6;
/** How near captures are moved to their average. */
const SCALES = [0.125, 0.25, 0.5] as const;

export const swaStudy: Study<SwaProtocol, SwaCell, SwaEvidence> = {
  id: 'weight-averaging',
  version: 1,
  presets: {
    quick: {
      ...STANDARD,
      channels: 4,
      steps: 320,
      cycle: 20,
      tested: 2000,
      rays: 2,
      plane: 5,
      units: 2,
      seed: 0,
    },
    standard: STANDARD,
  },
  parts: {
    data: 'data set of square images, by name or file',
    examples: 'of the training data, drawn by each unit',
    channels: 'of the first convolution',
    steps: 'of the budget 1, a multiple of 4 cycles',
    cycle: 'steps between captures, and of a cycle of ε',
    batchSize: 'B',
    lr: 'ε₀ of the trunk',
    constant: 'ε of the constant arm over ε₀',
    cyclic: 'ε at the start of a cycle over ε₀',
    least: 'ε at the end of a cycle and of a decay over ε₀',
    momentum: 'm',
    weightDecay: 'λ',
    shift: 'pixels by which images are shifted at most',
    tested: 'examples of the test data, the first',
    looked: 'examples, the first, of rays, planes and segments',
    rays: 'random directions',
    radius: 'length of the rays',
    filterRadius: 'length of the filter-normalised rays, in norms of the filters',
    plane: 'points along a side of the plane',
    units: 'trunks',
    seed: 'of the first trunk',
  },
  evidence: swaEvidenceSchema,
  cells({ units, seed, ...of }) {
    const captures = captured(of);
    if (!Number.isInteger(captures) || captures < 3 || of.steps % 4 !== 0) {
      const found = `is ${of.steps} of which a quarter is ${captures} cycles of ${of.cycle}`;
      throw new InputError('weight averaging', 'steps', `${found}, expected a whole number, 3 or more`);
    }
    return Array.from({ length: units }, (_, u) => ({ ...of, unit: seed + u }));
  },
  cost({ examples, channels, steps, batchSize, tested, looked, rays, plane }) {
    // Trunk, six arms of a quarter, four of another, three of the last; then evaluations.
    const trained = 4 * steps * batchSize * channels;
    const evaluated = 40 * (2 * examples + tested) * channels;
    const around = (6 * 3 * rays + 2 * plane ** 2 + 26) * 3 * looked * channels;
    return {
      seconds: 10 + STEP * trained + FORWARD * (evaluated + around),
      bytes: 4 * (6 * 1000 * 400 * channels) + 200 * (examples + tested),
    };
  },
  async *run(gpu, cell, host) {
    yield { type: 'phase', phase: 'reading data' };
    const { train, test } = await dataOf(cell, host);
    const side = train.exampleShape.at(-1)!;
    const classes = train.targets.kind === 'classes' ? train.targets.classes : 0;
    const model = swaNet(side, cell.channels, classes);
    const { batchSize, steps, cycle, lr, constant, cyclic, least, momentum, weightDecay, shift, unit } = cell;
    const first = captured(cell);
    yield { type: 'phase', phase: 'training' };
    const arms = trainArms(gpu, {
      model,
      train,
      budget: { cycle, steps },
      rates: { lr, constant, cyclic, least },
      batchSize,
      momentum,
      weightDecay,
      shift,
      seed: unit,
    });
    const weights = yield* relay(arms, function* ({ done, total }) {
      yield { type: 'progress' as const, done, total, unit: 'steps' as const };
    });
    yield { type: 'phase', phase: 'evaluating solutions' };
    const solutions = await Solutions.open(gpu, { model, train, test, batchSize: STATISTICS_BATCH });
    const looked = Math.min(cell.looked, train.examples, test.examples);
    const near = {
      model,
      train: firstExamples(train, looked),
      test: firstExamples(test, looked),
      batchSize: Math.min(STATISTICS_BATCH, looked),
    };
    const few = await Solutions.open(gpu, near);
    try {
      const input: LandscapeInput = {
        modelName: 'model',
        model,
        dataset: near.train,
        test: near.test,
        batchNorm: 'recompute',
      };
      const found = yield* evaluated(solutions, test, weights, first);
      yield { type: 'phase', phase: 'moving captures to their average' };
      const scaling = await scaled(few, weights, first);
      const around = yield* lookedAround(gpu, input, weights, cell);
      const plane: Record<string, PlaneEvidence> = {};
      for (const [arm, grid] of Object.entries(around.plane)) {
        const three = threeOf(weights.captures.get(arm as never)!.slice(0, first));
        const [centre, ...corners] = await solutions.evaluate([Float32Array.from(meanOf(three)), ...three]);
        plane[arm] = { ...grid, corners, centre: centre! };
      }
      return { ...found, scaling, ...around, plane };
    } finally {
      few.dispose();
      solutions.dispose();
    }
  },
};

/** Captures of an arm up to the budget 1. */
function captured({ steps, cycle }: Pick<SwaCell, 'steps' | 'cycle'>): number {
  return steps / (4 * cycle);
}

async function dataOf(
  { data, examples, tested, unit }: SwaCell,
  host: ByteSource,
): Promise<{ train: Dataset; test: Dataset }> {
  const all = await loadDataset(data, host);
  const { test, ...train } = withDataOptions(all, { subset: examples, dataSeed: deriveSeed(unit, 'data') });
  if (!test) throw new Error(`${data} has no data for testing`);
  return { train, test: firstExamples(test, Math.min(tested, test.examples)) };
}

/** So many of them at the most, evenly spaced, the last one among them. */
function spaced<T>(of: readonly T[], most: number): T[] {
  const count = Math.min(most, of.length);
  return Array.from({ length: count }, (_, i) => of[Math.round(((i + 1) * of.length) / count) - 1]!);
}

/** The first, a middle one and the last. */
function threeOf(captures: readonly Float32Array[]): [Float32Array, Float32Array, Float32Array] {
  return [captures[0]!, captures[Math.floor((captures.length - 1) / 2)]!, captures.at(-1)!];
}

async function* evaluated(
  solutions: Solutions,
  test: Dataset,
  { last, averaged, statistics, captures }: ArmWeights,
  first: number,
): AsyncGenerator<
  WorkEvent,
  Pick<SwaEvidence, 'last' | 'averaged' | 'captures' | 'geometry' | 'skipped' | 'ensemble'>,
  void
> {
  const named = async (of: ReadonlyMap<string, Float32Array>): Promise<Record<string, SolutionValues>> => {
    const names = [...of.keys()];
    const values = await solutions.evaluate([...of.values()]);
    return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
  };
  const values = { last: await named(last), averaged: {} };
  yield { type: 'progress', done: 1, total: 6, unit: 'rounds' };
  const averages = new Map([...averaged].filter(([name]) => !name.startsWith('sgd')));
  values.averaged = await named(averages);
  yield { type: 'progress', done: 2, total: 6, unit: 'rounds' };
  const ofCaptures: Record<string, SolutionValues[]> = {};
  const geometry: SwaEvidence['geometry'] = Object.fromEntries(
    [...captures].map(([arm, all]) => [arm, captureGeometry(all)]),
  );
  const ensemble: Record<string, { loss: number; accuracy: number }> = {};
  let done = 2;
  for (const [arm, all] of captures) {
    const chosen = spaced(all.slice(0, first), MOST_CAPTURES);
    ofCaptures[arm] = await solutions.evaluate(chosen);
    const logits = await solutions.outputs(chosen);
    const classes = logits[0]!.length / test.examples;
    ensemble[arm] = ensembleValues(
      logits.map((each) => softmaxRows(each, classes)),
      test,
    );
    yield { type: 'progress', done: ++done, total: 6, unit: 'rounds' };
  }
  const skipping = [averaged.get('constant 1')!, averaged.get('constant 1')!, last.get('sgd 1')!];
  const [initial, running, ownRunning] = await solutions.evaluate(skipping, [
    initialStatistics(solutions.model),
    statistics.get('constant 1')!,
    statistics.get('sgd 1')!,
  ]);
  const skipped = { initial: initial!, running: running!, last: ownRunning! };
  yield { type: 'progress', done: 6, total: 6, unit: 'rounds' };
  return { ...values, captures: ofCaptures, geometry, skipped, ensemble };
}

/** Answers of captures moved to their own average. */
async function scaled(
  few: Solutions,
  { captures }: ArmWeights,
  first: number,
): Promise<SwaEvidence['scaling']> {
  const chosen = spaced(captures.get('constant')!.slice(0, first), MOST_CAPTURES);
  const mean = meanOf(chosen);
  const answers = async (weights: readonly Float32Array[]): Promise<Float64Array[]> => {
    const logits = await few.outputs(weights);
    return logits.map((each) => softmaxRows(each, each.length / few.tested));
  };
  const [centre] = await answers([Float32Array.from(mean)]);
  const found: SwaEvidence['scaling'][number][] = [];
  for (const scale of SCALES) {
    const moved = chosen.map((weights) => {
      const deviation = difference(Float64Array.from(weights), mean);
      return Float32Array.from(mean, (value, i) => value + scale * deviation[i]!);
    });
    found.push(scalingOf(scale, centre!, await answers(moved)));
  }
  return found;
}

async function* lookedAround(
  gpu: Gpu,
  input: LandscapeInput,
  { last, averaged, captures }: ArmWeights,
  cell: SwaCell,
): AsyncGenerator<
  WorkEvent,
  {
    rays: Record<string, Record<string, Along[]>>;
    segment: Record<string, Along[]>;
    plane: Record<string, Omit<PlaneEvidence, 'corners' | 'centre'>>;
  },
  void
> {
  const points = function* ({ done, total }: { done: number; total: number }): Generator<WorkEvent> {
    yield { type: 'progress', done, total, unit: 'points' };
  };
  const sgd = last.get('sgd 1')!;
  const around = {
    'constant 1': averaged.get('constant 1')!,
    'still 1': averaged.get('still 1')!,
    'sgd 1': sgd,
  };
  const rays: Record<string, Record<string, Along[]>> = { uniform: {}, filter: {} };
  for (const [kind, radius] of [
    ['uniform', cell.radius],
    ['filter', cell.filterRadius],
  ] as const) {
    for (const [name, weights] of Object.entries(around)) {
      yield { type: 'phase', phase: `rays, ${kind}, from ${name}` };
      const options = { rays: cell.rays, radius, seed: cell.unit, filterNormalised: kind === 'filter' };
      rays[kind]![name] = yield* relay(raysFrom(gpu, input, weights, options), points);
    }
  }
  const segment: Record<string, Along[]> = {};
  const plane: Record<string, Omit<PlaneEvidence, 'corners' | 'centre'>> = {};
  for (const arm of ['constant', 'still'] as const) {
    const average = averaged.get(`${arm} 1`)!;
    yield { type: 'phase', phase: `segment, ${arm}` };
    segment[arm] = yield* relay(segmentBetween(gpu, input, average, sgd), points);
    yield { type: 'phase', phase: `plane, ${arm}` };
    const three = threeOf(captures.get(arm)!.slice(0, captured(cell)));
    plane[arm] = yield* relay(planeOf(gpu, input, three, { average }, cell.plane), points);
  }
  return { rays, segment, plane };
}
