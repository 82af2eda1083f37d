import { InputError } from '../../host/inputError.ts';
import type { Reading } from '../../jobs/job.ts';
import type { PageNews } from '../../jobs/jobWorker.ts';
import type { TrainSpec } from '../../jobs/trainSpec.ts';
import { isDue, type Schedule } from '../../measure/schedule.ts';
import { temperature } from '../../measure/statistics/sgdNoise.ts';
import { learningRate, type Schedule as RateSchedule } from '../../optim/schedule.ts';
import { BatchSizes } from '../../train/batchSizes.ts';
import type { SetChange } from '../../train/setChanges.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a result.json has of a replica. */
interface ReplicaResult {
  readonly steps: number;
  readonly losses: readonly number[];
  readonly diverged?: { readonly step: number; readonly reason: string };
  readonly measurements?: readonly Reading[];
  readonly readings?: Readonly<Record<string, readonly (Json & { readonly step: number })[]>>;
  readonly asTable?: {
    readonly batch_schedule: readonly { readonly from_step: number; readonly batch_size: number }[];
    readonly lr_schedule: { readonly values: readonly number[] };
  };
  readonly lrSearch?: { readonly learningRate: number } | null;
  readonly finalLoss?: number;
  readonly accuracy?: number;
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  readonly sample?: string;
}

/**
 * What a run told, from its result.json: its readings and how its weights did at the end.
 * @throws InputError for a file that is no result of `basin train`
 */
export function resultEvents(file: string, result: Json): { spec: TrainSpec; events: PageNews[] } {
  const spec = result.job as TrainSpec | undefined;
  if (typeof spec !== 'object' || spec === null || spec.optimizer === undefined)
    throw new InputError(file, 'job', 'missing, expected the result.json of basin train');
  const all = (result.replicas ?? [result]) as readonly ReplicaResult[];
  const events: PageNews[] = [];
  const changes = (result.changes ?? []) as readonly SetChange[];
  if (
    spec.batch_size === undefined &&
    !spec.batch_schedule &&
    !all.some(({ measurements }) => measurements)
  ) {
    const text = `${file} does not say its batch size: 64 is taken, as of all data of so many examples or more`;
    events.push({ type: 'note', text });
  }
  for (const change of changes) {
    events.push(
      'batchSize' in change ? { type: 'batchSize', ...change } : { type: 'learningRate', ...change },
    );
  }
  for (const [replica, one] of all.entries()) {
    const readings = readingsOf(file, spec, changes, replica, one);
    if (readings.length > 0) events.push({ type: 'readings', readings });
    if (one.diverged) events.push({ type: 'diverged', replica, ...one.diverged });
    if (typeof one.sample === 'string')
      events.push({ type: 'sample', step: one.steps, replica, text: one.sample });
    for (const [split, loss, accuracy] of [
      ['train', one.finalLoss, one.accuracy],
      ['test', one.testLoss, one.testAccuracy],
    ] as const) {
      if (loss === undefined) continue;
      events.push({
        type: 'evaluation',
        step: one.steps,
        replica,
        split,
        weights: 'last',
        loss,
        accuracy: accuracy ?? null,
      });
    }
  }
  events.push({ type: 'result', result, exitCode: 0 });
  return { spec, events };
}

function readingsOf(
  file: string,
  spec: TrainSpec,
  changes: readonly SetChange[],
  replica: number,
  result: ReplicaResult,
): Reading[] {
  const { losses, steps, measurements = [], readings: told = {}, asTable } = result;
  if (!Array.isArray(losses) || !losses.every((loss) => typeof loss === 'number'))
    throw new InputError(file, 'losses', 'missing, expected a list of numbers: no result of basin train');
  const at = recordedSteps(spec, result.diverged ? Math.max(steps, result.diverged.step) : steps);
  if (at.length < losses.length) {
    const reason = `are ${losses.length}, and by the job ${at.length} steps have one`;
    throw new InputError(file, 'losses', reason);
  }
  const batches = batchesOf(spec, changes, asTable);
  const rate = ratesOf(spec, changes, replica, result);
  const own = { ...spec.optimizer, ...spec.replicas?.[replica] } as { momentum?: number; dampening?: number };
  const noise = new Map(measurements.map((measured) => [measured.step, measured]));
  const others = new Map<number, Record<string, Json>>();
  for (const [type, list] of Object.entries(told)) {
    for (const { step, ...numbers } of list) others.set(step, { ...others.get(step), [type]: numbers });
  }
  const sgd = (spec.optimizer.type ?? 'sgd') === 'sgd';
  return losses.map((loss, i) => {
    const step = at[i]!;
    const batchSize = noise.get(step)?.batchSize ?? batches.at(step - 1);
    const lr = rate(step);
    const { noise_scale, ...instruments } = others.get(step) ?? {};
    return {
      replica,
      step,
      batchSize,
      learningRate: lr,
      temperature: sgd ? temperature({ ...own, lr, batchSize }) : null,
      loss,
      ...noise_scale,
      ...noise.get(step),
      ...(Object.keys(instruments).length > 0 ? { instruments } : {}),
    };
  });
}

/** Steps that a run has readings of, by its settings. */
function recordedSteps(
  { record_every: every = 1, measure, instruments = [] }: TrainSpec,
  steps: number,
): number[] {
  const schedules = [...(measure ? [measure] : []), ...instruments] as unknown as Schedule[];
  return Array.from({ length: steps }, (_, i) => i + 1).filter(
    (step) => step % every === 0 || schedules.some((schedule) => isDue(schedule, step)),
  );
}

function batchesOf(
  { batch_size = 64, batch_schedule }: TrainSpec,
  changes: readonly SetChange[],
  asTable: ReplicaResult['asTable'],
): BatchSizes {
  const table = asTable?.batch_schedule ?? (Array.isArray(batch_schedule) ? batch_schedule : []);
  const first = table[0]?.from_step === 0 ? [] : [{ fromStep: 0, batchSize: batch_size }];
  const sizes = new BatchSizes([
    ...first,
    ...table.map(({ from_step, batch_size }) => ({ fromStep: from_step, batchSize: batch_size })),
  ]);
  for (const change of changes) {
    if ('batchSize' in change) sizes.change({ fromStep: change.step - 1, batchSize: change.batchSize });
  }
  return sizes;
}

/** ε of each step. */
function ratesOf(
  { optimizer, replicas, lr_schedule = { type: 'constant' }, lr_search }: TrainSpec,
  changes: readonly SetChange[],
  replica: number,
  { asTable, lrSearch }: ReplicaResult,
): (step: number) => number {
  const values = asTable?.lr_schedule.values;
  if (values) return (step) => values[step - 1] ?? Number.NaN;
  const base = replicas?.[replica]?.lr ?? optimizer.lr ?? 1e-3;
  const planned = (step: number): number => learningRate(lr_schedule as RateSchedule, base, step);
  const after = lr_search?.after ?? 0;
  const factor = lrSearch ? lrSearch.learningRate / planned(after + 1) : 1;
  return (step) => {
    const set = changes.findLast(
      (change) =>
        'learningRate' in change &&
        change.step <= step &&
        (change.replica === null || change.replica === replica),
    );
    if (set && 'learningRate' in set) return set.learningRate;
    return planned(step) * (lrSearch && step > after ? factor : 1);
  };
}
