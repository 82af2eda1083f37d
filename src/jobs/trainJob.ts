import { type Dataset, fitDataset } from '../data/dataset.ts';
import { loadDataset } from '../data/loadDataset.ts';
import { orderTable } from '../data/order.ts';
import { readSafetensors, type Tensor, writeSafetensors } from '../data/safetensors.ts';
import type { Gpu } from '../gpu/device.ts';
import { gradientNoise, noiseFromNorms, RunningNoiseScale } from '../measure/noiseScale.ts';
import { requireSupported } from '../nn/forward.ts';
import { initialStateDict } from '../nn/init.ts';
import { InputError } from '../nn/inputError.ts';
import { type ModelSpec, parseModel, stateDictLayout } from '../nn/modelSpec.ts';
import { loadStateDict, stateDictTensors } from '../nn/stateDict.ts';
import type { Averaging } from '../optim/average.ts';
import { captures } from '../optim/average.ts';
import { learningRates } from '../optim/schedule.ts';
import type { RunControl } from './control.ts';
import { type Evaluation, Evaluator } from './evaluator.ts';
import type { JobEvent, JobHost, Reading } from './job.ts';
import { type Replica, type StepReading, TrainingRun } from './trainingRun.ts';
import { isOrderFile, type ParsedTrainSpec, parseTrainSpec, type TrainSpec } from './trainSpec.ts';

export type { TrainSpec };

interface Divergence {
  readonly step: number;
  readonly reason: string;
}

/** What is kept of one replica while it trains. */
class ReplicaLog {
  readonly losses: number[] = [];
  readonly measured: Reading[] = [];
  readonly noise = new RunningNoiseScale();
  diverged: Divergence | null = null;
}

/**
 * Trains as a train.json says (interfaces: `basin train`).
 * @throws InputError for input that is refused, before anything runs
 */
export async function* trainJob(
  gpu: Gpu,
  given: TrainSpec,
  host: JobHost,
  control?: RunControl,
): AsyncGenerator<JobEvent, void, void> {
  yield { type: 'phase', phase: 'reading data' };
  const { job: _, ...rest } = given as TrainSpec & { job?: string };
  const spec = parseTrainSpec(rest);
  const loaded = await loadDataset(spec.data, host);
  const { file, model } = await readModel(spec.model, loaded, host);
  const { dataset, shapes } = fitDataset(loaded, model, file);
  requireSupported(file, model, shapes);
  const plan = await planRun(spec, model, dataset, host);

  yield { type: 'phase', phase: 'compiling' };
  const run = await TrainingRun.open(gpu, {
    model,
    dataset,
    steps: plan.steps,
    batches: plan.batches,
    sampling: plan.order ? 'order' : (spec.order as 'shuffle' | 'iid' | 'sequential'),
    order: plan.order,
    replicas: plan.replicas,
    averaging: plan.averaging,
    measureEvery: spec.measure?.every,
    recordEvery: spec.record_every,
  });
  const opened: { dispose(): void }[] = [run];
  try {
    const evaluator = async (data: Dataset, theta = run.theta): Promise<Evaluator> => {
      const made = await Evaluator.open(gpu, {
        model,
        layout: run.layout,
        theta,
        dataset: data,
        arena: run.arena,
      });
      opened.push(made);
      return made;
    };
    const test = dataset.test ? await evaluator(dataset.test) : null;
    const logs = plan.replicas.map(() => new ReplicaLog());

    yield { type: 'phase', phase: 'training' };
    const every = spec.evaluate?.every ?? plan.steps;
    let done = 0;
    let lastStep = 0;
    try {
      for (
        let until = Math.min(every, plan.steps);
        done < plan.steps;
        until = Math.min(until + every, plan.steps)
      ) {
        for await (const steps of run.steps(until)) {
          lastStep = steps.at(-1)?.step ?? lastStep;
          yield* readingEvents(steps, logs);
          yield { type: 'progress', done: run.submitted, total: plan.steps, unit: 'steps' };
          await control?.whileRunning();
          for (const [replica, lr] of control?.takeLearningRates() ?? []) {
            run.setLearningRate(lr, replica === 'all' ? undefined : replica);
          }
          if (control?.stopped) break;
        }
        done = run.submitted;
        if (test && done < plan.steps && !control?.stopped)
          yield* evaluationEvents(test, done, 'test', 'last', logs);
        if (control?.stopped) break;
      }
    } catch (error) {
      if (error instanceof Error) error.message += `; the last step read was ${lastStep} of ${plan.steps}`;
      throw error;
    }

    yield { type: 'phase', phase: 'evaluating' };
    const stepsDone = run.submitted;
    const train = await (await evaluator(dataset)).evaluate();
    yield* asEvents(train, stepsDone, 'train', 'last', logs);
    const tested = test ? await test.evaluate() : null;
    if (tested) yield* asEvents(tested, stepsDone, 'test', 'last', logs);
    const captured =
      plan.averaging && run.averaged && hasCaptured(plan.averaging, stepsDone) ? run.averaged : null;
    const kind = plan.averaging?.kind ?? 'swa';
    let averaged: Evaluation[] | null = null;
    let averagedTest: Evaluation[] | null = null;
    if (captured) {
      averaged = await (await evaluator(dataset, captured)).evaluate();
      yield* asEvents(averaged, stepsDone, 'train', kind, logs);
      if (dataset.test) {
        averagedTest = await (await evaluator(dataset.test, captured)).evaluate();
        yield* asEvents(averagedTest, stepsDone, 'test', kind, logs);
      }
    }

    const tensors = new Map<string, Tensor>();
    const results: Record<string, unknown>[] = [];
    const layout = stateDictLayout(model);
    for (const [replica, log] of logs.entries()) {
      const prefix = spec.replicas ? `replica.${replica}.` : '';
      const weights = await run.weights(replica);
      const averages = captured ? await run.weights(replica, 'averaged') : null;
      const finite = [...weights.values(), ...(averages?.values() ?? [])].every((values) =>
        values.every(Number.isFinite),
      );
      if (!log.diverged && (!finite || !Number.isFinite(train[replica]!.loss))) {
        log.diverged = {
          step: stepsDone,
          reason: finite ? 'the final loss is not finite' : 'a weight is not finite',
        };
      }
      const result: Record<string, unknown> = { steps: stepsDone, losses: log.losses };
      if (log.measured.length > 0)
        result.measurements = log.measured.map(({ replica: _r, ...reading }) => reading);
      if (log.diverged) {
        result.diverged = log.diverged;
        yield { type: 'diverged', replica, ...log.diverged };
      } else {
        result.finalLoss = train[replica]!.loss;
        if (train[replica]!.accuracy !== null) result.accuracy = train[replica]!.accuracy;
        if (averaged) {
          result[`${kind}Loss`] = averaged[replica]!.loss;
          if (averaged[replica]!.accuracy !== null) result[`${kind}Accuracy`] = averaged[replica]!.accuracy;
        }
        if (tested) {
          result.testLoss = tested[replica]!.loss;
          if (tested[replica]!.accuracy !== null) result.testAccuracy = tested[replica]!.accuracy;
        }
        if (averagedTest?.[replica]!.accuracy != null)
          result[`${kind}TestAccuracy`] = averagedTest[replica]!.accuracy;
        for (const [name, tensor] of stateDictTensors(weights, layout, { prefix })) tensors.set(name, tensor);
        if (averages) {
          const named = stateDictTensors(averages, layout, { prefix: `${prefix}${kind}.` });
          for (const [name, tensor] of named) tensors.set(name, tensor);
        }
      }
      results.push(result);
    }
    yield {
      type: 'result',
      result: spec.replicas ? { replicas: results } : results[0],
      ...(tensors.size > 0 ? { tensors: writeSafetensors(tensors) } : {}),
      exitCode: !spec.replicas && logs[0]!.diverged ? 3 : 0,
    };
  } finally {
    for (const disposable of opened.reverse()) disposable.dispose();
  }
}

async function readModel(
  given: ParsedTrainSpec['model'],
  dataset: Dataset,
  host: JobHost,
): Promise<{ file: string; model: ModelSpec }> {
  if (typeof given === 'string') return { file: given, model: parseModel(given, await host.read(given)) };
  const file = 'train.json model';
  if (!('hidden' in given)) return { file, model: parseModel(file, given) };
  const { hidden, activation } = given as { hidden: number[]; activation: string };
  const { targets, exampleShape } = dataset;
  const inputs = exampleShape.reduce((product, extent) => product * extent, 1);
  const outputs = targets.kind === 'classes' ? Math.max(2, targets.classes) : targets.width;
  const widths = [inputs, ...hidden, outputs];
  const layers = widths
    .slice(1)
    .flatMap((out_features, i) => [
      ...(i > 0 ? [{ type: activation }] : []),
      { type: 'Linear', in_features: widths[i], out_features },
    ]);
  const loss = targets.kind === 'classes' ? 'cross_entropy' : 'mse';
  return { file, model: parseModel(file, { layers, loss }) };
}

interface Plan {
  readonly steps: number;
  readonly batches: { fromStep: number; batchSize: number }[];
  readonly order?: Uint32Array;
  readonly replicas: Replica[];
  readonly averaging?: Averaging;
}

async function planRun(
  spec: ParsedTrainSpec,
  model: ModelSpec,
  dataset: Dataset,
  host: JobHost,
): Promise<Plan> {
  const batchSize = spec.batch_size ?? spec.batch_schedule?.[0]?.batch_size ?? 64;
  const batches = (spec.batch_schedule ?? []).map((b) => ({
    fromStep: b.from_step,
    batchSize: b.batch_size,
  }));
  if (batches[0]?.fromStep !== 0) batches.unshift({ fromStep: 0, batchSize });
  const steps = spec.steps ?? stepsOf(spec.epochs ?? 1, dataset.examples, batches);
  const order = isOrderFile(spec.order)
    ? orderTable(spec.order, readSafetensors(spec.order, await host.read(spec.order)), {
        steps,
        batchSize,
        examples: dataset.examples,
      })
    : undefined;
  const averaging: Averaging | undefined = spec.averaging
    ? spec.averaging.type === 'swa'
      ? { kind: 'swa', start: Math.max(1, spec.averaging.start), every: spec.averaging.every }
      : {
          kind: 'ema',
          start: Math.max(1, spec.averaging.start),
          every: spec.averaging.every,
          decay: spec.averaging.decay,
        }
    : undefined;
  if (averaging && !hasCaptured(averaging, steps)) {
    const found = `starts at step ${averaging.start}, the run has ${steps} steps, so nothing would be averaged`;
    throw new InputError('train.json', 'averaging.start', found);
  }
  return { steps, batches, order, averaging, replicas: await readReplicas(spec, model, steps, host) };
}

/** E epochs are as many steps as it takes to draw E·N examples. */
function stepsOf(
  epochs: number,
  examples: number,
  batches: readonly { fromStep: number; batchSize: number }[],
): number {
  const wanted = epochs * examples;
  let steps = 0;
  let drawn = 0;
  for (const [i, { batchSize }] of batches.entries()) {
    const until = batches[i + 1]?.fromStep ?? Number.POSITIVE_INFINITY;
    const needed = Math.ceil((wanted - drawn) / batchSize - 1e-9);
    const taken = Math.min(needed, until - steps);
    steps += taken;
    drawn += taken * batchSize;
    if (drawn >= wanted) break;
  }
  return steps;
}

async function readReplicas(
  spec: ParsedTrainSpec,
  model: ModelSpec,
  steps: number,
  host: JobHost,
): Promise<Replica[]> {
  const layout = stateDictLayout(model);
  const { optimizer, lr_schedule } = spec;
  const readWeights = async (path: string): Promise<Map<string, Float32Array>> =>
    loadStateDict(path, readSafetensors(path, await host.read(path)), layout, {
      prefix: spec.weights_prefix,
    });
  const shared = spec.weights === undefined ? null : await readWeights(spec.weights);
  if (spec.weights_prefix !== undefined && !shared && !spec.replicas?.some((r) => r.weights)) {
    throw new InputError('train.json', 'weights_prefix', 'there are no weights to read under it');
  }
  return Promise.all(
    (spec.replicas ?? [{}]).map(async (replica): Promise<Replica> => {
      const seed = replica.seed ?? spec.seed;
      const drawn = (): Map<string, Float32Array> =>
        new Map([...initialStateDict(model, seed)].map(([name, { data }]) => [name, data]));
      return {
        seed,
        settings: {
          momentum: replica.momentum ?? optimizer.momentum,
          dampening: optimizer.dampening,
          weightDecay: replica.weight_decay ?? optimizer.weight_decay,
          nesterov: optimizer.nesterov,
        },
        rates: ratesOf(lr_schedule, replica.lr ?? optimizer.lr, steps),
        weights: replica.weights ? await readWeights(replica.weights) : (shared ?? drawn()),
      };
    }),
  );
}

function ratesOf(schedule: ParsedTrainSpec['lr_schedule'], lr: number, steps: number): Float32Array {
  try {
    return learningRates(schedule, lr, steps);
  } catch (error) {
    if (error instanceof RangeError) throw new InputError('train.json', 'lr_schedule.values', error.message);
    throw error;
  }
}

function hasCaptured(averaging: Averaging, steps: number): boolean {
  return steps >= averaging.start && captures(averaging, averaging.start);
}

function* readingEvents(steps: readonly StepReading[], logs: readonly ReplicaLog[]): Generator<JobEvent> {
  const readings: Reading[] = [];
  for (const step of steps) {
    const log = logs[step.replica]!;
    if (log.diverged) continue;
    if (!Number.isFinite(step.loss)) {
      log.diverged = { step: step.step, reason: 'the loss is not finite' };
      continue;
    }
    log.losses.push(step.loss);
    const reading = readingOf(step, log.noise);
    if (step.norms) log.measured.push(reading);
    readings.push(reading);
  }
  if (readings.length > 0) yield { type: 'readings', readings };
}

function readingOf({ norms, ...step }: StepReading, running: RunningNoiseScale): Reading {
  const reading: Reading = { ...step, temperature: step.learningRate / step.batchSize };
  if (!norms) return reading;
  const gradNormSq = norms.reduce((sum, p) => sum + p.gradNormSq, 0);
  if (step.batchSize < 2) return { ...reading, gradNormSq };
  const sumNormSq = norms.reduce((sum, p) => sum + p.sumNormSq, 0);
  const noise = noiseFromNorms(sumNormSq, gradNormSq, step.batchSize);
  running.add(noise);
  const whole = gradientNoise(gradNormSq, noise.traceCovariance, step.batchSize, noise.bSimpleResolved);
  return { ...reading, ...whole, bSimple: running.bSimple, bSimpleResolved: running.bSimple !== null };
}

async function* evaluationEvents(
  evaluator: Evaluator,
  step: number,
  split: 'train' | 'test',
  weights: 'last' | 'swa' | 'ema',
  logs: readonly ReplicaLog[],
): AsyncGenerator<JobEvent> {
  yield* asEvents(await evaluator.evaluate(), step, split, weights, logs);
}

function* asEvents(
  evaluations: readonly Evaluation[],
  step: number,
  split: 'train' | 'test',
  weights: 'last' | 'swa' | 'ema',
  logs: readonly ReplicaLog[],
): Generator<JobEvent> {
  for (const [replica, { loss, accuracy }] of evaluations.entries()) {
    if (logs[replica]!.diverged || !Number.isFinite(loss)) continue;
    yield { type: 'evaluation', step, replica, split, weights, loss, accuracy };
  }
}
