import { loadDataset } from '../../data/loadDataset.ts';
import type { AdapterInfo, Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { inTurn, medianOf } from '../../gpu/timedProgram.ts';
import type { ByteSource } from '../../host/byteSource.ts';
import type { ResultEvent, WorkEvent } from '../../host/workEvent.ts';
import { FIRST_BY_DEFAULT } from '../../measure/firstExamples.ts';
import type { GivenInstrument } from '../../measure/givenInstrument.ts';
import { instrumentFrom } from '../../measure/instruments.ts';
import { initialStateDict } from '../../nn/init.ts';
import { type ReplicaLog, replicaLogs } from '../../train/replicaLog.ts';
import type { StepReading } from '../../train/runReadings.ts';
import { TrainingRun } from '../../train/trainingRun.ts';
import { arithmetic } from '../curvature/arithmetic.ts';
import { CURVATURE_MODELS } from '../curvature/curvatureModels.ts';
import { firstImages } from '../firstImages.ts';
import { productsOf } from './productsOf.ts';

/** What a run with instruments costs. Times in milliseconds a step, one a round. */
export interface InstrumentRow {
  readonly what: string;
  readonly samples: readonly number[];
  readonly median: number;
  /** Over the plain run: of the medians, and the least and largest of single rounds. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  /**
   * The same by multiply-adds of products and convolutions alone: what the ratio would be if all else took no time and these were as fast as in
   * the plain step.
   */
  readonly counted: number;
  /** What the ratio may be at most; null where nothing is promised. */
  readonly limit: number | null;
  /** Of what was read last, each estimate's standard error over its value. */
  readonly relativeErrors: Readonly<Record<string, number>>;
}

export interface InstrumentCosts {
  readonly model: string;
  readonly batch: number;
  readonly rows: readonly InstrumentRow[];
}

export interface InstrumentReport {
  readonly bench: 'instruments';
  readonly adapter: AdapterInfo;
  readonly rounds: number;
  /** Examples that are for testing. */
  readonly test: number;
  readonly models: readonly InstrumentCosts[];
}

/** Examples that the runs train on: enough that none is learnt by heart in a bench. */
const EXAMPLES = 8192;
const TEST = 1000;
const EVERY = 16;
/** Steps a round of each run: one look of all instruments, or of half as many steps where each has one. */
const STEPS = EVERY;
/** Fixed before anything was measured. */
const LIMITS = { all: 1.5, noise: [1.25, 1.3] } as const;

/** Every kind of instrument as it is unless told otherwise, but that accuracy is over the first examples for testing, every 16 steps. */
const allOf = (examples: number): readonly GivenInstrument[] => [
  { type: 'noise_scale', layers: true, every: EVERY },
  { type: 'eigenvalue', examples, every: EVERY },
  { type: 'hessian_noise', examples, every: EVERY },
  { type: 'batch_sharpness', every: EVERY },
  { type: 'density', examples, every: EVERY },
  { type: 'distance', every: EVERY },
  { type: 'accuracy', split: 'test', examples: TEST, every: EVERY },
  { type: 'keskar', examples, every: EVERY },
];

interface Variant {
  readonly what: string;
  readonly instruments: readonly GivenInstrument[];
  readonly limit: number | null;
  readonly steps: number;
}

/** What is timed of the model of that place. */
function variants(
  place: number,
  { examples, each }: Pick<InstrumentBenchOptions, 'examples' | 'each'>,
): readonly Variant[] {
  const alone = each ? allOf(FIRST_BY_DEFAULT) : [];
  return [
    { what: 'plain', instruments: [], limit: null, steps: STEPS },
    {
      what: 'noise scale, total and by layer, every step',
      instruments: [{ type: 'noise_scale', layers: true, every: 1 }],
      limit: LIMITS.noise[place]!,
      steps: STEPS / 2,
    },
    ...examples.map((count) => ({
      what: `all instruments every ${EVERY} steps, of ${count} examples`,
      instruments: allOf(count),
      limit: count === FIRST_BY_DEFAULT ? LIMITS.all : null,
      steps: STEPS,
    })),
    ...alone.map((one) => ({
      what: `${one.type} alone every ${EVERY} steps`,
      instruments: [one],
      limit: null,
      steps: STEPS,
    })),
  ];
}

/** What is timed. */
export interface InstrumentBenchOptions {
  readonly rounds: number;
  /** B of the runs, a table each. */
  readonly batches: readonly number[];
  /** Examples that the instruments of a fixed subset look at: a run each. */
  readonly examples: readonly number[];
  /** Also a run for each instrument alone. */
  readonly each: boolean;
}

/** Times training with instruments against training without, from one start on MNIST: all runs once a round, in turn. */
export async function* benchInstruments(
  gpu: Gpu,
  options: InstrumentBenchOptions,
  host: ByteSource,
): AsyncGenerator<WorkEvent | ResultEvent, void, void> {
  const models: InstrumentCosts[] = [];
  for (const batch of options.batches) {
    for (const place of CURVATURE_MODELS.keys()) {
      yield {
        type: 'phase',
        phase: `timing instruments of ${CURVATURE_MODELS[place]!.name} at B = ${batch}`,
      };
      models.push(await costsOf(gpu, { place, batch }, options, host));
    }
  }
  const { rounds } = options;
  const result: InstrumentReport = { bench: 'instruments', adapter: gpu.info, rounds, test: TEST, models };
  yield { type: 'result', result, exitCode: 0 };
}

async function costsOf(
  gpu: Gpu,
  { place, batch }: { readonly place: number; readonly batch: number },
  options: InstrumentBenchOptions,
  host: ByteSource,
): Promise<InstrumentCosts> {
  const { name, model, inputShape } = CURVATURE_MODELS[place]!;
  const { rounds } = options;
  const dataset = firstImages(await loadDataset('mnist', host), EXAMPLES, inputShape, TEST);
  const weights = new Map([...initialStateDict(model, 1)].map(([key, { data }]) => [key, data]));
  // A round more, untimed, in which the runs find how many steps a submit takes.
  const steps = STEPS * (rounds + 1);
  const open = (given: readonly GivenInstrument[]): Promise<TrainingRun> =>
    TrainingRun.open(gpu, {
      model,
      dataset,
      steps,
      batches: [{ fromStep: 0, batchSize: batch }],
      sampling: 'shuffle',
      instruments: given.map((one) => instrumentFrom('bench', one.type, { ...one })),
      replicas: [
        {
          seed: 1,
          settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
          rates: new Float32Array(steps).fill(0.1),
          weights,
        },
      ],
    });
  const timed = variants(place, options);
  const runs: TrainingRun[] = [];
  const samples = timed.map((): number[] => []);
  try {
    for (const { instruments } of timed) runs.push(await open(instruments));
    const logs = runs.map((run) => replicaLogs(run)[0]!);
    for (let round = 0; round <= rounds; round++) {
      for (const i of inTurn([...runs.keys()], round)) {
        const { steps: count } = timed[i]!;
        const started = performance.now();
        const found: StepReading[] = [];
        for await (const readings of runs[i]!.steps(count * (round + 1))) found.push(...readings);
        if (round > 0) samples[i]!.push((performance.now() - started) / count);
        for (const reading of found) logs[i]!.take(reading);
      }
    }
    const plain = medianOf(samples[0]!);
    const products = productsOf(stepOf(runs[0]!));
    const rows = timed.map(({ what, limit, instruments }, i): InstrumentRow => {
      const single = samples[i]!.map((ms, round) => ms / samples[0]![round]!);
      const median = medianOf(samples[i]!);
      const ratio = { median: median / plain, min: Math.min(...single), max: Math.max(...single) };
      const [first] = instruments;
      const every = first && 'every' in first ? first.every : 1;
      const passes = instruments.some(({ type }) => type === 'accuracy')
        ? TEST * arithmetic(model, inputShape).forward
        : 0;
      const counted = 1 + (productsOf(stepOf(runs[i]!)) + passes - products) / (every * products);
      return {
        what,
        samples: samples[i]!,
        median,
        ratio,
        counted,
        limit,
        relativeErrors: errorsOf(logs[i]!),
      };
    });
    return { model: name, batch, rows };
  } finally {
    for (const run of runs) run.dispose();
  }
}

/** The step at which the run's instruments are due, and that is not the first one. */
function stepOf({ programs }: TrainingRun): Program {
  const steps = programs.filter(({ label }) => label.startsWith('step '));
  const later = steps.filter(({ label }) => !label.includes(' opening '));
  return later.reduce((a, b) => (b.dispatches.length > a.dispatches.length ? b : a));
}

/** Of the last readings, each standard error over its value. */
function errorsOf({ told }: ReplicaLog): Record<string, number> {
  return Object.fromEntries(
    [...told].flatMap(([type, readings]) => {
      const last = readings.at(-1) ?? {};
      return Object.entries(last).flatMap(([key, stderr]) => {
        const value = (last as Record<string, unknown>)[key.replace(/(Probe)?Stderr$/, '')];
        const isError = key.endsWith('Stderr') && typeof stderr === 'number' && typeof value === 'number';
        return isError ? [[`${type} ${key}`, stderr / Math.abs(value)] as const] : [];
      });
    }),
  );
}
