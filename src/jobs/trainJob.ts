import type { Dataset } from '../data/dataset.ts';
import { writeSafetensors } from '../data/safetensors.ts';
import type { Gpu } from '../gpu/device.ts';
import { type KernelRecord, RunKernels } from '../gpu/runKernels.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import type { HostTensor } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import type { RunControl } from '../host/runControl.ts';
import type { Evaluation, Evaluator } from '../measure/evaluation/evaluator.ts';
import { parameterLayout } from '../nn/forward.ts';
import { stateDictLayout } from '../nn/modelSpec.ts';
import { stateDictTensors } from '../nn/stateDict.ts';
import { captureCount } from '../optim/captureSteps.ts';
import { type Provenance, provenance } from '../train/provenance.ts';
import { type ReplicaLog, replicaLogs } from '../train/replicaLog.ts';
import { datasetsOf } from '../train/residentData.ts';
import type { BatchChange, RateSearched, RunChange } from '../train/runChange.ts';
import type { StepReading } from '../train/runReadings.ts';
import { setChanges } from '../train/setChanges.ts';
import { shortestFloat32 } from '../train/shortestFloat32.ts';
import { type EvaluatedWeights, type TrainingOptions, TrainingRun } from '../train/trainingRun.ts';
import { type BatchTable, batchTable, foundRate, type UsedBatch, usedBatches } from '../train/usedBatches.ts';
import { withBatchSize } from '../train/withBatchSize.ts';
import type { JobEvent, JobHost } from './jobEvent.ts';
import { KeptRun, type KeptState, keptState } from './keptRun.ts';
import { planRun, ruleOf } from './planRun.ts';
import { earlierSnapshot, RunSnapshots } from './runSnapshots.ts';
import { RunTexts } from './textSampling.ts';
import { type ParsedTrainSpec, parseTrainSpec, type TrainSpec } from './trainSpec.ts';

export type { TrainSpec };

/**
 * Trains as a train.json says (interfaces: `basin train`). With `resume` beside it, it goes on from the snapshot that this names.
 * @param finished the run as it was on a device that was lost, from which it goes on, if there is one
 * @throws InputError for input that is refused, before anything runs; DeviceLostError
 */
export async function* trainJob(
  device: Gpu,
  given: TrainSpec,
  host: JobHost,
  control?: RunControl,
  finished?: FinishedParts,
): AsyncGenerator<JobEvent, void, void> {
  const began = Date.now();
  yield { type: 'phase', phase: `reading ${given.data ?? 'data'}` };
  const { job: _, resume, known = 0, ...description } = given as TrainSpec & GoesOn & { job?: string };
  const spec = parseTrainSpec(description);
  const inMemory = keptState(finished);
  const inFile = resume && !inMemory ? await earlierSnapshot(spec, host, device) : null;
  const earlier = inMemory ?? inFile;
  const kernels = new RunKernels(device, earlier?.kernels ?? spec.kernels);
  const gpu: Gpu = { ...device, kernels };
  const planned = await planRun(spec, host, gpu);
  const options = { ...planned.options, furtherSizes: setSizes(earlier?.changes) };
  const { dataset, steps } = options;
  const notes = [...planned.notes, ...(earlier?.warnings ?? [])];
  for (const text of notes) yield { type: 'note', text };
  yield {
    type: 'planned',
    steps,
    examples: dataset.examples,
    parameters: parameterLayout(options.model).entries.reduce((sum, { elements }) => sum + elements, 0),
  };
  const kept =
    finished && new KeptRun(finished, { kernels: kernels.record, warnings: earlier?.warnings ?? [] });
  const snapshots = await RunSnapshots.of(gpu, spec, options, {
    earlier: inFile,
    warnings: earlier?.warnings ?? [],
    kernels: kernels.record,
    kept,
  });
  if (resume || inMemory) yield { type: 'note', text: resumed(spec, earlier) };

  yield { type: 'phase', phase: 'compiling' };
  let run = await TrainingRun.open(gpu, options);
  /** What is made of the run as it is open, and goes before it. */
  const parts: { dispose(): void }[] = [];
  const close = (): void => {
    for (const made of parts.splice(0)) made.dispose();
    run.dispose();
  };
  try {
    const own = <Part extends { dispose(): void }>(part: Part): Part => {
      parts.push(part);
      return part;
    };
    const evaluator = async (data: Dataset, which: EvaluatedWeights = 'last'): Promise<Evaluator> =>
      own(await run.evaluator(data, which));
    const { sampling } = planned;
    const sampler = async (): Promise<RunTexts | null> =>
      sampling && own(await RunTexts.open(gpu, run, sampling));
    let test = dataset.test ? await evaluator(dataset.test) : null;
    let texts = await sampler();
    let logs = replicaLogs(run);
    if (earlier) run.restore(earlier.file, earlier);
    let told = run.changes.length;
    /** Readings up to this step are known to whoever takes the events. */
    let knownStep = known;
    const taken = (readings: readonly StepReading[]): Generator<JobEvent> =>
      readingEvents(readings, logs, knownStep);
    /** What the noise scale changed of B since it was asked last. */
    const changed = function* (): Generator<JobEvent> {
      for (const change of run.changes.slice(told)) {
        if ('bSimple' in change) yield { type: 'note', text: batchNote(run, change) };
        if ('search' in change) yield { type: 'note', text: searchNote(change) };
      }
      told = run.changes.length;
    };

    /** Waits where the run rests, and sets what was asked for from its next step on. */
    const steer = async function* (): AsyncGenerator<JobEvent, void, void> {
      if (control?.paused) yield* snapshots?.beforeRest(run) ?? [];
      await control?.whileRunning();
      for (const [replica, lr] of control?.takeLearningRates() ?? []) {
        run.setLearningRate(lr, replica === 'all' ? undefined : replica);
        const whose = replica === 'all' ? null : replica;
        yield { type: 'learningRate', step: run.submitted + 1, replica: whose, learningRate: lr };
        snapshots?.soon();
      }
      if (control?.stopped) run.stop();
    };
    /** Sets B from the next step on: the run is opened anew. */
    const resize = async function* (batchSize: number): AsyncGenerator<JobEvent, void, void> {
      try {
        await planned.requireBatchSize(batchSize);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        yield { type: 'note', text: `B = ${batchSize} was refused: ${error.item}: ${error.reason}` };
        return;
      }
      for await (const readings of run.steps(run.submitted)) yield* taken(readings);
      if (run.stopped) return;
      for (const made of parts.splice(0)) made.dispose();
      run = await withBatchSize(gpu, run, batchSize);
      test = dataset.test ? await evaluator(dataset.test) : null;
      texts = await sampler();
      logs = replicaLogs(run);
      knownStep = Math.max(knownStep, run.submitted);
      for await (const readings of run.steps(run.submitted)) yield* taken(readings);
      yield { type: 'batchSize', step: run.submitted + 1, batchSize };
      told = run.changes.length;
      snapshots?.soon();
    };

    yield { type: 'phase', phase: 'training' };
    for await (const readings of run.steps(run.submitted)) yield* taken(readings);
    let lastStep = run.submitted;
    const before = run.submitted;
    const every = spec.evaluate?.every ?? steps;
    while (run.submitted < steps && !run.stopped) {
      yield* steer();
      const size = run.stopped ? null : (control?.takeBatchSize() ?? null);
      if (size !== null) yield* resize(size);
      const nextEvaluation = (Math.floor(run.submitted / every) + 1) * every;
      const until = Math.min(steps, nextEvaluation, snapshots?.next(run.submitted) ?? steps);
      for await (const readings of run.steps(until)) {
        lastStep = readings.at(-1)?.step ?? lastStep;
        yield* taken(readings);
        yield* changed();
        yield { type: 'progress', done: lastStep, before, total: steps, unit: 'steps' };
        // At the end of a stretch what is due there comes first: a snapshot that had not told it would leave it out.
        if (run.submitted === until && until < steps) continue;
        yield* steer();
        yield* snapshots?.dueByClock(run) ?? [];
        await kept?.keepDue(run);
        if (control?.resizes && run.submitted < steps && !run.stopped) break;
      }
      if (control?.stopped) run.stop();
      const lost = logs.every(({ diverged }) => diverged);
      if (run.submitted === nextEvaluation && run.submitted < steps && !lost) {
        const step = run.submitted;
        if (test)
          yield* evaluationEvents(await test.evaluate(), { step, split: 'test', weights: 'last' }, logs);
        if (texts) yield* sampleEvents(await texts.draw(step), step, logs);
      }
      if (snapshots) yield* snapshots.due(run);
      await kept?.keepDue(run);
    }

    const late = control?.takeBatchSize() ?? null;
    if (late !== null) {
      yield { type: 'note', text: `B = ${late} was not set: the run takes no step after ${run.submitted}` };
    }
    // What was stopped from outside may go on another time.
    if (control?.stopped && snapshots && !logs.every(({ diverged }) => diverged)) {
      yield* snapshots.beforeRest(run);
    }

    yield { type: 'phase', phase: 'evaluating' };
    const done = stepsTaken(run, logs);
    const { averaging } = options;
    const captured = averaging && captureCount(averaging, done) > 0;
    const outcome: Outcome = {
      steps: done,
      train: [],
      test: null,
      recomputed: null,
      recomputedTest: null,
      averaged: null,
      averagedTest: null,
      texts: null,
    };
    outcome.train = await (await evaluator(dataset)).evaluate();
    yield* evaluationEvents(outcome.train, { step: done, split: 'train', weights: 'last' }, logs);
    if (test) {
      outcome.test = await test.evaluate();
      yield* evaluationEvents(outcome.test, { step: done, split: 'test', weights: 'last' }, logs);
    }
    if (texts && !logs.every(({ diverged }) => diverged)) {
      outcome.texts = await texts.draw(done);
      yield* sampleEvents(outcome.texts, done, logs);
    }
    if (captured && run.averagedBuffers) {
      await run.recomputeLastStatistics();
      outcome.recomputed = await (await evaluator(dataset, 'recomputed')).evaluate();
      yield* evaluationEvents(
        outcome.recomputed,
        { step: done, split: 'train', weights: 'recomputed' },
        logs,
      );
      if (dataset.test) {
        outcome.recomputedTest = await (await evaluator(dataset.test, 'recomputed')).evaluate();
        yield* evaluationEvents(
          outcome.recomputedTest,
          { step: done, split: 'test', weights: 'recomputed' },
          logs,
        );
      }
    } else if (captured) {
      // Without running statistics there is nothing that the pass would change.
      outcome.recomputed = outcome.train;
      outcome.recomputedTest = outcome.test;
    }
    if (captured) {
      await run.finishAverage();
      outcome.averaged = await (await evaluator(dataset, 'averaged')).evaluate();
      yield* evaluationEvents(
        outcome.averaged,
        { step: done, split: 'train', weights: averaging.kind },
        logs,
      );
      if (dataset.test) {
        outcome.averagedTest = await (await evaluator(dataset.test, 'averaged')).evaluate();
        yield* evaluationEvents(
          outcome.averagedTest,
          { step: done, split: 'test', weights: averaging.kind },
          logs,
        );
      }
    }
    yield* resultEvents(run, options, outcome, logs, {
      sweep: spec.replicas !== undefined,
      asked: { ...spec, batches: ruleOf(spec) !== undefined },
      kernels: kernels.record,
      warnings: notes,
      ...provenance(spec, device.info, began),
    });
  } finally {
    close();
  }
}

/** How a run goes on from its snapshot. */
interface GoesOn {
  readonly resume?: boolean;
  /** The last step whose reading whoever asks has had: what came up to it is not told again. */
  readonly known?: number;
}

/** The batch sizes to which a run was set on its way. */
function setSizes(changes: readonly RunChange[] = []): number[] {
  return setChanges(changes).flatMap((change) => ('batchSize' in change ? [change.batchSize] : []));
}

/** Of a run that all replicas ended, the last one's: how far the device was ahead of it differs from run to run. */
function stepsTaken(run: TrainingRun, logs: readonly ReplicaLog[]): number {
  const steps = logs.flatMap(({ diverged }) => (diverged ? [diverged.step] : []));
  return steps.length === logs.length ? Math.max(...steps) : run.submitted;
}

function searchNote({ from, replica, search }: RunChange & RateSearched): string {
  const { oneStepRate, oneStepRateStderr, learningRate } = search;
  const found = `${oneStepRate.toPrecision(3)} ± ${oneStepRateStderr.toPrecision(2)}`;
  return `step ${from + 1}, replica ${replica}: ε = ${learningRate.toPrecision(3)}; one step is best at ${found} (one-step: it need not train best)`;
}

function batchNote(
  run: TrainingRun,
  { from, batchSize, bSimple, bSimpleInterval }: RunChange & BatchChange,
): string {
  const rate = shortestFloat32(run.rates(0)[from]!);
  const [low, high] = bSimpleInterval;
  const noise =
    high === null
      ? `at least ${low!.toPrecision(2)}`
      : `${bSimple!.toPrecision(3)}, ${low!.toPrecision(2)} to ${high.toPrecision(2)}`;
  return `step ${from + 1}: B = ${batchSize}, ε = ${rate} (B_simple ${noise})`;
}

/** What steps read, taken into the replicas' logs; of steps up to `known` nothing is told. */
function* readingEvents(
  readings: readonly StepReading[],
  logs: readonly ReplicaLog[],
  known: number,
): Generator<JobEvent> {
  const read = readings.flatMap((reading) => logs[reading.replica]!.take(reading) ?? []);
  const news = known > 0 ? read.filter(({ step }) => step > known) : read;
  if (news.length > 0) yield { type: 'readings', readings: news };
  for (const log of logs) if (log.diverged && log.diverged.step <= known) log.divergenceTold = true;
  yield* divergenceEvents(logs);
}

function resumed({ snapshot, steps }: ParsedTrainSpec, earlier: KeptState | null): string {
  if (!earlier) return `there is no ${snapshot!.file} yet: the run begins at its start`;
  return `${earlier.file}: the run goes on after step ${earlier.step}${steps === undefined ? '' : ` of ${steps}`}`;
}

/** What a result says of all its replicas. */
interface WholeRun extends Provenance<ParsedTrainSpec> {
  readonly kernels: KernelRecord;
  /** What may not be meant as it was given. */
  readonly warnings: readonly string[];
}

/** How the weights did at the end, by replica. */
interface Outcome {
  readonly steps: number;
  train: Evaluation[];
  test: Evaluation[] | null;
  /** The last weights with running statistics by the same pass as the average's, where the run has captured one. */
  recomputed: Evaluation[] | null;
  recomputedTest: Evaluation[] | null;
  averaged: Evaluation[] | null;
  averagedTest: Evaluation[] | null;
  /** What the last weights went on with. */
  texts: string[] | null;
}

/** The result and the tensors. A diverged replica has neither weights nor final losses. */
async function* resultEvents(
  run: TrainingRun,
  options: TrainingOptions,
  outcome: Outcome,
  logs: readonly ReplicaLog[],
  { sweep, asked, ...whole }: { readonly sweep: boolean; readonly asked: Asked } & WholeRun,
): AsyncGenerator<JobEvent> {
  const { model, averaging } = options;
  const names = datasetsOf(options).map(({ name }) => name);
  const layout = stateDictLayout(model);
  const parameters = layout.filter((tensor) => tensor.kind === 'parameter');
  const kind = averaging?.kind ?? 'swa';
  const tensors = new Map<string, HostTensor>();
  const results: Record<string, unknown>[] = [];
  for (const [replica, log] of logs.entries()) {
    const prefix = sweep ? `replica.${replica}.` : '';
    const weights = await run.weights(replica);
    const averages = outcome.averaged ? await run.weights(replica, 'averaged') : null;
    const variance = outcome.averaged ? await run.captureVariance(replica) : null;
    const values = [weights, averages, variance].flatMap((some) => [...(some?.values() ?? [])]);
    const finite = values.every((tensor) => tensor.every(Number.isFinite));
    if (!log.diverged && !(finite && Number.isFinite(outcome.train[replica]!.loss))) {
      const reason = finite ? 'the final loss is not finite' : 'a weight is not finite';
      log.diverged = { step: outcome.steps, reason };
    }
    const measurements = asked.measure ? log.measured.map(({ replica: _, ...reading }) => reading) : [];
    const result = {
      steps: outcome.steps,
      ...(names[replica] === whole.job.data ? {} : { trainedOn: names[replica] }),
      losses: log.losses,
      ...(asked.batches ? used(run, replica, log, outcome.steps) : {}),
      ...(asked.lr_search ? { lrSearch: foundRate(run, replica) } : {}),
      ...(measurements.length > 0 ? { measurements } : {}),
      ...(asked.instruments ? { readings: readingsOf(log, asked.instruments) } : {}),
    };
    if (log.diverged) {
      results.push({ ...result, diverged: log.diverged });
      continue;
    }
    results.push({
      ...result,
      ...named(outcome.train[replica], 'finalLoss', 'accuracy'),
      ...named(outcome.recomputed?.[replica], 'finalLossRecomputed', 'accuracyRecomputed'),
      ...named(outcome.averaged?.[replica], `${kind}Loss`, `${kind}Accuracy`),
      ...named(outcome.test?.[replica], 'testLoss', 'testAccuracy'),
      ...named(outcome.recomputedTest?.[replica], 'testLossRecomputed', 'testAccuracyRecomputed'),
      ...named(outcome.averagedTest?.[replica], `${kind}TestLoss`, `${kind}TestAccuracy`),
      ...(outcome.texts ? { sample: outcome.texts[replica] } : {}),
    });
    const all = [
      ...stateDictTensors(weights, layout, { prefix }),
      ...(averages ? stateDictTensors(averages, layout, { prefix: `${prefix}${kind}.` }) : []),
      ...(variance ? stateDictTensors(variance, parameters, { prefix: `${prefix}swagVariance.` }) : []),
    ];
    for (const [name, tensor] of all) tensors.set(name, tensor);
  }
  yield* divergenceEvents(logs);
  const set = setChanges(run.changes);
  yield {
    type: 'result',
    result: {
      ...(sweep ? { replicas: results } : results[0]),
      ...(set.length > 0 ? { changes: set } : {}),
      ...whole,
    },
    ...(tensors.size > 0 ? { tensors: writeSafetensors(tensors) } : {}),
    exitCode: !sweep && logs[0]!.diverged ? 3 : 0,
  };
}

/** What was asked to be measured, in which form. */
type Asked = Pick<ParsedTrainSpec, 'measure' | 'instruments' | 'lr_search'> & {
  /** Whether a rule decided the batch sizes. */
  readonly batches: boolean;
};

/** B and ε as they were used, as a list of changes and as a train.json has them. */
function used(
  run: TrainingRun,
  replica: number,
  { diverged }: ReplicaLog,
  taken: number,
): { readonly batchSizes: readonly UsedBatch[]; readonly asTable: BatchTable } {
  const steps = Math.min(taken, diverged?.step ?? taken);
  return { batchSizes: usedBatches(run, replica, steps), asTable: batchTable(run, replica, steps) };
}

/** What each instrument told, by type. */
function readingsOf(log: ReplicaLog, asked: NonNullable<Asked['instruments']>): Record<string, unknown> {
  return Object.fromEntries(asked.map(({ type }) => [type, log.told.get(type as string)]));
}

function named(evaluation: Evaluation | undefined, loss: string, accuracy: string): Record<string, number> {
  if (!evaluation) return {};
  return {
    [loss]: evaluation.loss,
    ...(evaluation.accuracy === null ? {} : { [accuracy]: evaluation.accuracy }),
  };
}

/** Each divergence once, as soon as it is seen. */
function* divergenceEvents(logs: readonly ReplicaLog[]): Generator<JobEvent> {
  for (const [replica, log] of logs.entries()) {
    if (!log.diverged || log.divergenceTold) continue;
    log.divergenceTold = true;
    yield { type: 'diverged', replica, ...log.diverged };
  }
}

function* sampleEvents(
  texts: readonly string[],
  step: number,
  logs: readonly ReplicaLog[],
): Generator<JobEvent> {
  for (const [replica, text] of texts.entries()) {
    if (!logs[replica]!.diverged) yield { type: 'sample', step, replica, text };
  }
}

function* evaluationEvents(
  evaluations: readonly Evaluation[],
  at: Pick<Extract<JobEvent, { type: 'evaluation' }>, 'step' | 'split' | 'weights'>,
  logs: readonly ReplicaLog[],
): Generator<JobEvent> {
  for (const [replica, { loss, accuracy }] of evaluations.entries()) {
    if (logs[replica]!.diverged || !Number.isFinite(loss)) continue;
    yield { type: 'evaluation', ...at, replica, loss, accuracy };
  }
}
