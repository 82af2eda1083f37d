import type { AdapterInfo } from '../../gpu/device.ts';
import type { Reading } from '../../jobs/job.ts';
import type { PageNews } from '../../jobs/jobWorker.ts';
import type { TrainSpec } from '../../jobs/trainSpec.ts';
import type { Evaluation, Quantity } from '../../present/quantities.ts';
import { BatchSizes } from '../../train/batchSizes.ts';
import type { Divergence } from '../../train/replicaLog.ts';
import type { SetChange } from '../../train/setChanges.ts';
import { describeSpec } from './describeSpec.ts';
import type { Mark } from './drawMarks.ts';
import { labQuantities, SETTINGS_OF_RUN } from './labQuantities.ts';
import { type ReplicaGroup, replicaGroups, replicaLabels } from './replicaGroups.ts';
import { SeriesTable } from './seriesTable.ts';

/** How much of a recording there was at a moment. */
export interface RecordingMark {
  readonly readings: number;
  readonly evaluations: number;
  readonly samples: number;
  readonly changes: number;
  readonly diverged: readonly (readonly [number, Divergence])[];
}

/** What the job says that a run is of. */
type Planned = Omit<Extract<PageNews, { readonly type: 'planned' }>, 'type'>;

/** A text that a replica went on with. */
export type Sample = Omit<Extract<PageNews, { readonly type: 'sample' }>, 'type'>;

/** Whose readings come at steps of their own: each instrument’s do. */
function sourceOf({ from, id }: Quantity): string {
  return from === 'instrument' ? id.replace(/-.*/, '') : from;
}

/** All that one run has shown. */
export class Recording {
  readonly spec: TrainSpec;
  /** What the replicas are called. */
  readonly replicas: readonly string[];
  /** Those that differ in their seeds alone. */
  readonly groups: readonly ReplicaGroup[];
  /** The settings that the replicas share, in a line: the form may hold others by now. */
  readonly description: string;
  readonly started: Date;
  readonly readings: Reading[] = [];
  readonly evaluations: Evaluation[] = [];
  /** Texts that the model went on with. */
  readonly samples: Sample[] = [];
  /** When each of them came, in seconds that the run had run for. */
  readonly seconds = { readings: [] as number[], evaluations: [] as number[] };
  readonly diverged = new Map<number, Divergence>();
  /** What was set while it ran, in that order. */
  readonly changes: SetChange[] = [];
  /** What may not be meant as it was given. */
  readonly notes: string[] = [];
  adapter: AdapterInfo | undefined;
  planned: Planned | undefined;
  result: unknown;
  /** Another number whenever it has become another one. */
  revision = 0;
  /** The last step that was read, and when. */
  lastStep = 0;
  lastSeconds = 0;
  /** What is drawn of it. */
  readonly quantities: readonly Quantity[];
  /** The first reading of each replica, and what has been another since. */
  readonly #first = new Map<number, Reading>();
  readonly #varied = new Set<string>();
  #batches: BatchSizes;
  #tables: ReadonlyMap<string, SeriesTable>;

  constructor(spec: TrainSpec, started = new Date()) {
    this.spec = spec;
    this.started = started;
    this.description = describeSpec(spec);
    this.replicas = replicaLabels(spec);
    this.groups = replicaGroups(spec);
    const { measure, instruments } = spec;
    const noise = measure !== undefined || instruments?.some(({ type }) => type === 'noise_scale');
    this.quantities = labQuantities(instruments, noise === true);
    this.#tables = this.#emptyTables();
    this.#batches = plannedBatches(spec);
  }

  #emptyTables(): ReadonlyMap<string, SeriesTable> {
    const sources = new Set(['reading', ...this.quantities.map(sourceOf)]);
    return new Map(
      [...sources].map((source) => {
        const shown = this.quantities.filter((quantity) => sourceOf(quantity) === source);
        return [source, new SeriesTable(shown, this.replicas.length)];
      }),
    );
  }

  /** @param seconds that the run has run for */
  take(event: PageNews, seconds: number): void {
    if (event.type !== 'progress') this.revision++;
    switch (event.type) {
      case 'adapter':
        this.adapter = event.adapter;
        break;
      case 'planned': {
        const { type: _, ...planned } = event;
        this.planned = planned;
        break;
      }
      case 'note':
        if (!this.notes.includes(event.text)) this.notes.push(event.text);
        break;
      case 'readings':
        this.#takeReadings(event.readings, seconds);
        break;
      case 'evaluation':
        this.evaluations.push(event);
        this.seconds.evaluations.push(seconds);
        this.#tabulateEvaluation(event, seconds);
        break;
      case 'sample': {
        const { type: _, ...sample } = event;
        this.samples.push(sample);
        break;
      }
      case 'learningRate': {
        const { step, replica, learningRate } = event;
        this.changes.push({ step, replica, learningRate });
        break;
      }
      case 'batchSize': {
        const { step, batchSize } = event;
        this.changes.push({ step, batchSize });
        break;
      }
      case 'diverged':
        this.diverged.set(event.replica, { step: event.step, reason: event.reason });
        break;
      case 'result':
        this.result = event.result;
        break;
    }
  }

  /** Of many steps that came at once: each has taken its part of the time since those before. */
  #takeReadings(readings: readonly Reading[], seconds: number): void {
    const began = this.lastSeconds;
    for (const [i, reading] of readings.entries()) {
      const at = began + ((seconds - began) * (i + 1)) / readings.length;
      this.readings.push(reading);
      this.seconds.readings.push(at);
      this.#tabulate(reading, at);
    }
  }

  #tabulate(reading: Reading, seconds: number): void {
    const { step, batchSize, replica, learningRate, temperature } = reading;
    const first = this.#first.get(replica) ?? reading;
    this.#first.set(replica, first);
    if (first.learningRate !== learningRate) this.#varied.add('learningRate');
    if (first.temperature !== temperature) this.#varied.add('temperature');
    this.lastStep = Math.max(this.lastStep, step);
    this.lastSeconds = Math.max(this.lastSeconds, seconds);
    // A rule decides B as the run goes on.
    if (this.#batches.at(step - 1) !== batchSize) this.#batches.change({ fromStep: step - 1, batchSize });
    this.rows.add(reading, seconds);
    if (reading.gradNormSq !== undefined) this.#tables.get('noise')?.add(reading, seconds);
    for (const type of Object.keys(reading.instruments ?? {})) this.#tables.get(type)?.add(reading, seconds);
  }

  #tabulateEvaluation(evaluation: Evaluation, seconds: number): void {
    const { split, weights } = evaluation;
    if (split === 'test' && weights === 'last') this.#tables.get('evaluation')?.add(evaluation, seconds);
  }

  /** What is worth drawing: of what the run was set to, what has changed on the way. */
  get drawn(): readonly Quantity[] {
    return this.quantities.filter(({ id }) => !SETTINGS_OF_RUN.includes(id) || this.#varied.has(id));
  }

  /** How much there is of it, for `cut`. */
  mark(): RecordingMark {
    const { readings, evaluations, samples, changes, diverged } = this;
    return {
      readings: readings.length,
      evaluations: evaluations.length,
      samples: samples.length,
      changes: changes.length,
      diverged: [...diverged],
    };
  }

  /** Forgets what came after a mark: the run goes on from there. */
  cut({ readings, evaluations, samples, changes, diverged }: RecordingMark): void {
    this.revision++;
    this.readings.length = readings;
    this.seconds.readings.length = readings;
    this.evaluations.length = evaluations;
    this.seconds.evaluations.length = evaluations;
    this.samples.length = samples;
    this.changes.length = changes;
    this.diverged.clear();
    for (const [replica, divergence] of diverged) this.diverged.set(replica, divergence);
    this.result = undefined;
    this.lastStep = 0;
    this.lastSeconds = 0;
    this.#first.clear();
    this.#varied.clear();
    this.#tables = this.#emptyTables();
    this.#batches = plannedBatches(this.spec);
    for (const [i, reading] of this.readings.entries()) this.#tabulate(reading, this.seconds.readings[i]!);
    for (const [i, evaluation] of this.evaluations.entries())
      this.#tabulateEvaluation(evaluation, this.seconds.evaluations[i]!);
  }

  table(quantity: Quantity): SeriesTable {
    return this.#tables.get(sourceOf(quantity))!;
  }

  /** The rows that have a loss. */
  get rows(): SeriesTable {
    return this.#tables.get('reading')!;
  }

  /** Examples drawn in the first so many steps. */
  examplesBy(step: number): number {
    return this.#batches.drawnBy(step);
  }

  /** B of a step, counted from 1. */
  batchSizeAt(step: number): number {
    return this.#batches.at(Math.max(0, step - 1));
  }

  /** What a group is called, with the rates that all of it was given while it ran. */
  label(group: ReplicaGroup): string {
    const changes = this.changes.flatMap((change) =>
      'learningRate' in change && (change.replica === null || group.replicas.includes(change.replica))
        ? [change]
        : [],
    );
    return [
      group.label,
      ...changes.map(({ step, learningRate, replica }) => {
        const whose = replica === null || group.replicas.length === 1 ? '' : `${this.replicas[replica]}: `;
        return `${whose}ε = ${learningRate} from step ${step}`;
      }),
    ].join(' → ');
  }

  /** Where curves change for a reason that is not theirs: what was set, replicas that diverged. */
  marks(): Mark[] {
    const groupOf = (replica: number) => this.groups.findIndex(({ replicas }) => replicas.includes(replica));
    const set = this.changes.map((change): Mark => {
      if ('batchSize' in change) return { step: change.step, group: null, label: `B = ${change.batchSize}` };
      const { step, replica, learningRate } = change;
      return { step, group: replica === null ? null : groupOf(replica), label: `ε = ${learningRate}` };
    });
    const lost = [...this.diverged].map(
      ([replica, { step }]): Mark => ({ step, group: groupOf(replica), label: 'diverged' }),
    );
    return [...set, ...lost];
  }

  /** Why a quantity has no curve, where it can have none. */
  missing({ from, id }: Quantity): string | undefined {
    if (from !== 'noise' || id === 'gradNormSq' || this.batchSizeAt(this.lastStep) !== 1) return undefined;
    return 'A batch of one example shows no covariance: choose B of 2 or more.';
  }
}

/** B of its steps, as far as the settings say. */
function plannedBatches({ batch_size, batch_schedule }: TrainSpec): BatchSizes {
  const table = Array.isArray(batch_schedule) ? batch_schedule : [];
  const first = table[0]?.from_step === 0 ? [] : [{ fromStep: 0, batchSize: batch_size ?? 64 }];
  return new BatchSizes([
    ...first,
    ...table.map(({ from_step, batch_size }) => ({ fromStep: from_step, batchSize: batch_size })),
  ]);
}
