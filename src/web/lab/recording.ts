import type { AdapterInfo } from '../../gpu/device.ts';
import type { JobEvent, JobSpec, Reading } from '../../jobs/job.ts';
import { type Evaluation, type Quantity, quantitiesOf } from '../../present/quantities.ts';
import type { Mark } from './chartOptions.ts';
import { SeriesTable } from './seriesTable.ts';
import type { PlannedRun } from './settings.ts';

/** A rate that was set while the run went on. */
interface RateChange {
  /** The first step at it, counted from 1. */
  readonly step: number;
  /** null: all replicas. */
  readonly replica: number | null;
  readonly learningRate: number;
}

/** All that one run has shown. */
export class Recording {
  readonly spec: JobSpec;
  /** What the replicas are called. */
  readonly replicas: readonly string[];
  /** The settings that they share, in a line: the form may hold others by now. */
  readonly description: string;
  readonly started = new Date();
  readonly readings: Reading[] = [];
  readonly evaluations: Evaluation[] = [];
  readonly diverged = new Map<number, { step: number; reason: string }>();
  /** Rates that were set while it ran, in their order. */
  readonly rateChanges: RateChange[] = [];
  adapter: AdapterInfo | undefined;
  result: unknown;
  /** The last step that was read. */
  lastStep = 0;
  /** What is drawn of it. */
  readonly quantities: readonly Quantity[];
  readonly #tables: Record<Quantity['from'], SeriesTable>;

  constructor({ spec, replicas, description }: PlannedRun) {
    this.spec = spec;
    this.description = description;
    this.replicas = replicas;
    this.quantities = quantitiesOf(spec.job === 'train' ? spec.instruments : []);
    const table = (from: Quantity['from']) =>
      new SeriesTable(
        this.quantities.filter((quantity) => quantity.from === from),
        replicas.length,
      );
    this.#tables = {
      reading: table('reading'),
      noise: table('noise'),
      instrument: table('instrument'),
      evaluation: table('evaluation'),
    };
  }

  take(event: JobEvent): void {
    switch (event.type) {
      case 'adapter':
        this.adapter = event.adapter;
        break;
      case 'readings':
        for (const reading of event.readings) {
          this.readings.push(reading);
          this.lastStep = Math.max(this.lastStep, reading.step);
          this.#tables.reading.add(reading);
          if (reading.gradNormSq !== undefined) this.#tables.noise.add(reading);
          if (reading.instruments) this.#tables.instrument.add(reading);
        }
        break;
      case 'evaluation':
        this.evaluations.push(event);
        if (event.split === 'test' && event.weights === 'last') this.#tables.evaluation.add(event);
        break;
      case 'learningRate':
        this.rateChanges.push({ step: event.step, replica: event.replica, learningRate: event.learningRate });
        break;
      case 'diverged':
        this.diverged.set(event.replica, { step: event.step, reason: event.reason });
        break;
      case 'result':
        this.result = event.result;
        break;
    }
  }

  table(quantity: Quantity): SeriesTable {
    return this.#tables[quantity.from];
  }

  /** What a replica is called, with the rates that it was given while it ran. */
  label(replica: number): string {
    const changes = this.rateChanges.filter((change) => (change.replica ?? replica) === replica);
    return [
      this.replicas[replica]!,
      ...changes.map(({ step, learningRate }) => `ε = ${learningRate} from step ${step}`),
    ].join(' → ');
  }

  /** Where curves change for a reason that is not theirs: rates that were set, replicas that diverged. */
  marks(): Mark[] {
    const diverged = [...this.diverged].map(([replica, { step }]) => ({ replica, step }));
    return [...this.rateChanges.map(({ step, replica }) => ({ step, replica })), ...diverged];
  }

  /** Why a quantity has no curve, where it can have none. */
  missing({ from, id }: Quantity): string | undefined {
    if (from !== 'noise' || id === 'gradNormSq' || this.spec.job !== 'train' || this.spec.batch_size !== 1)
      return undefined;
    return 'A batch of one example shows no covariance: choose B of 2 or more.';
  }

  toJson(): string {
    const { spec, adapter, started, readings, evaluations, rateChanges, result } = this;
    const replicas = this.replicas.map((label, replica) => ({ label, diverged: this.diverged.get(replica) }));
    return JSON.stringify(
      { started, spec, adapter, replicas, rateChanges, readings, evaluations, result },
      null,
      1,
    );
  }

  /** One line for each reading; an empty cell where nothing was read, `Infinity` for an open end. RFC 4180. */
  toCsv(): string {
    const keys = [
      'replica',
      'step',
      'batchSize',
      'learningRate',
      'temperature',
      'loss',
      'gradNormSq',
      'gradNormSqUnbiased',
      'gradNormSqOfTrainingSet',
      'traceCovariance',
      'bSimple',
      'bSimpleStderr',
      'bSimpleResolved',
    ] as const satisfies (keyof Reading)[];
    const tests = new Map(
      this.evaluations
        .filter(({ split, weights }) => split === 'test' && weights === 'last')
        .map((evaluation) => [`${evaluation.replica} ${evaluation.step}`, evaluation]),
    );
    const lines = this.readings.map((reading) => {
      const test = tests.get(`${reading.replica} ${reading.step}`);
      const ends = reading.bSimpleInterval?.map((end) => end ?? Number.POSITIVE_INFINITY) ?? ['', ''];
      const tested = [test?.loss ?? '', test?.accuracy ?? ''];
      return [...keys.map((key) => reading[key] ?? ''), ...ends, ...tested].join(',');
    });
    const head = [...keys, 'bSimpleLow', 'bSimpleHigh', 'testLoss', 'testAccuracy'];
    return `${[head.join(','), ...lines].join('\r\n')}\r\n`;
  }
}
