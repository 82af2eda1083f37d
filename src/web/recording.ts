import type { AdapterInfo } from '../gpu/device.ts';
import type { JobEvent, JobSpec, Reading } from '../jobs/job.ts';
import { type Evaluation, type Quantity, quantities } from '../jobs/quantities.ts';
import { SeriesTable } from './seriesTable.ts';
import type { PlannedRun } from './settings.ts';

/** All that one run has shown. */
export class Recording {
  readonly spec: JobSpec;
  /** What the replicas are called. */
  readonly replicas: readonly string[];
  readonly started = new Date();
  readonly readings: Reading[] = [];
  readonly evaluations: Evaluation[] = [];
  readonly diverged = new Map<number, { step: number; reason: string }>();
  adapter: AdapterInfo | undefined;
  result: unknown;
  /** The last step that was read. */
  lastStep = 0;
  readonly #tables: Record<Quantity['from'], SeriesTable>;

  constructor({ spec, replicas }: PlannedRun) {
    this.spec = spec;
    this.replicas = replicas;
    const table = (from: Quantity['from']) =>
      new SeriesTable(
        quantities.filter((quantity) => quantity.from === from),
        replicas.length,
      );
    this.#tables = { reading: table('reading'), noise: table('noise'), evaluation: table('evaluation') };
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
        }
        break;
      case 'evaluation':
        this.evaluations.push(event);
        if (event.split === 'test' && event.weights === 'last') this.#tables.evaluation.add(event);
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

  toJson(): string {
    const { spec, adapter, started, readings, evaluations, result } = this;
    const replicas = this.replicas.map((label, replica) => ({ label, diverged: this.diverged.get(replica) }));
    return JSON.stringify({ started, spec, adapter, replicas, readings, evaluations, result }, null, 1);
  }

  /** One line for each reading; an empty cell where nothing was read. RFC 4180. */
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
      'traceCovariance',
      'bSimple',
      'bSimpleResolved',
    ] as const satisfies (keyof Reading)[];
    const tests = new Map(
      this.evaluations
        .filter(({ split, weights }) => split === 'test' && weights === 'last')
        .map((evaluation) => [`${evaluation.replica} ${evaluation.step}`, evaluation]),
    );
    const lines = this.readings.map((reading) => {
      const test = tests.get(`${reading.replica} ${reading.step}`);
      return [...keys.map((key) => reading[key] ?? ''), test?.loss ?? '', test?.accuracy ?? ''].join(',');
    });
    return `${[[...keys, 'testLoss', 'testAccuracy'].join(','), ...lines].join('\r\n')}\r\n`;
  }
}
