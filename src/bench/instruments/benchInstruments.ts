import { loadDataset } from '../../data/loadDataset.ts';
import type { AdapterInfo, Gpu } from '../../gpu/device.ts';
import { inTurn, medianOf } from '../../gpu/timedProgram.ts';
import type { ByteSource } from '../../host/byteSource.ts';
import type { ResultEvent, WorkEvent } from '../../host/workEvent.ts';
import { FIRST_BY_DEFAULT } from '../../measure/firstExamples.ts';
import type { GivenInstrument } from '../../measure/givenInstrument.ts';
import { instrumentFrom } from '../../measure/instruments.ts';
import { initialStateDict } from '../../nn/init.ts';
import { TrainingRun } from '../../train/trainingRun.ts';
import { CURVATURE_MODELS, type CurvatureModel } from '../curvature/curvatureModels.ts';
import { firstImages } from '../firstImages.ts';

/** What a run with instruments costs. Times in milliseconds a step, one a round. */
export interface InstrumentRow {
  readonly what: string;
  readonly samples: readonly number[];
  readonly median: number;
  /** Over the plain run: of the medians, and the least and largest of single rounds. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  /** What the ratio may be at most; null where nothing is promised. */
  readonly limit: number | null;
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
  /** Examples that the instruments of a fixed subset look at, and that are for testing. */
  readonly subset: number;
  readonly test: number;
  readonly models: readonly InstrumentCosts[];
}

/** Examples that the runs train on: enough that none is learnt by heart in a bench. */
const EXAMPLES = 8192;
const TEST = 1000;
const EVERY = 16;
/** Steps a round, of each run. */
const STEPS = 4 * EVERY;
/** Fixed before anything was measured. */
const LIMITS = { all: 1.5, noise: [1.25, 1.3] } as const;

/** Every kind of instrument as it is unless told otherwise, but that accuracy is over the first examples for testing, every 16 steps. */
const ALL: readonly GivenInstrument[] = [
  { type: 'noise_scale', layers: true, every: EVERY },
  { type: 'eigenvalue', every: EVERY },
  { type: 'hessian_noise', every: EVERY },
  { type: 'batch_sharpness', every: EVERY },
  { type: 'density', every: EVERY },
  { type: 'distance', every: EVERY },
  { type: 'accuracy', split: 'test', examples: TEST, every: EVERY },
  { type: 'keskar', every: EVERY },
];

/** Of one model, whose plain run is `plain`: what else is timed beside it. */
function variants(model: number): readonly {
  readonly what: string;
  readonly instruments: readonly GivenInstrument[];
  readonly limit: number | null;
}[] {
  return [
    {
      what: 'noise scale, total and by layer, every step',
      instruments: [{ type: 'noise_scale', layers: true, every: 1 }],
      limit: LIMITS.noise[model]!,
    },
    { what: `all instruments every ${EVERY} steps`, instruments: ALL, limit: LIMITS.all },
    ...ALL.map((one) => ({ what: `${one.type} alone`, instruments: [one], limit: null })),
  ];
}

/**
 * Times training with instruments against training without, from one start on MNIST: all runs once a round, in turn.
 * @param batches B of the runs, a table each
 */
export async function* benchInstruments(
  gpu: Gpu,
  { rounds, batches }: { readonly rounds: number; readonly batches: readonly number[] },
  host: ByteSource,
): AsyncGenerator<WorkEvent | ResultEvent, void, void> {
  const models: InstrumentCosts[] = [];
  for (const batch of batches) {
    for (const [place, model] of CURVATURE_MODELS.entries()) {
      yield { type: 'phase', phase: `timing instruments of ${model.name} at B = ${batch}` };
      models.push(await costsOf(gpu, model, { place, batch, rounds }, host));
    }
  }
  const result: InstrumentReport = {
    bench: 'instruments',
    adapter: gpu.info,
    rounds,
    subset: FIRST_BY_DEFAULT,
    test: TEST,
    models,
  };
  yield { type: 'result', result, exitCode: 0 };
}

async function costsOf(
  gpu: Gpu,
  { name, model, inputShape }: CurvatureModel,
  { place, batch, rounds }: { readonly place: number; readonly batch: number; readonly rounds: number },
  host: ByteSource,
): Promise<InstrumentCosts> {
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
  const timed = [{ what: 'plain', instruments: [], limit: null }, ...variants(place)];
  const runs: TrainingRun[] = [];
  const samples = timed.map((): number[] => []);
  try {
    for (const { instruments } of timed) runs.push(await open(instruments));
    for (let round = 0; round <= rounds; round++) {
      for (const i of inTurn([...runs.keys()], round)) {
        const started = performance.now();
        for await (const _ of runs[i]!.steps(STEPS * (round + 1)));
        if (round > 0) samples[i]!.push((performance.now() - started) / STEPS);
      }
    }
  } finally {
    for (const run of runs) run.dispose();
  }
  const [plain] = samples as [number[]];
  const rows = timed.map(({ what, limit }, i): InstrumentRow => {
    const single = samples[i]!.map((ms, round) => ms / plain[round]!);
    const median = medianOf(samples[i]!);
    const ratio = { median: median / medianOf(plain), min: Math.min(...single), max: Math.max(...single) };
    return { what, samples: samples[i]!, median, ratio, limit };
  });
  return { model: name, batch, rows };
}
