import cliProgress from 'cli-progress';
import type { AdapterInfo } from '../gpu/device.ts';
import type { JobEvent, Reading } from '../jobs/job.ts';
import { toldNumbers } from '../present/quantities.ts';
import { noiseScaleText } from './noiseScaleText.ts';
import { beforeSignal } from './signals.ts';

/** Seconds between two lines where standard error is no terminal. */
const LINE_INTERVAL = 5;

/** Shows a job's events on standard error: a bar on a terminal, else a line now and then. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #replicas: readonly string[];
  /** The newest measurement of each replica. */
  readonly #measured = new Map<number, Reading>();
  /** What each replica's instruments told last: a line each, by type. */
  readonly #told = new Map<number, Readonly<Record<string, string>>>();
  #bar: cliProgress.SingleBar | undefined;
  /** Takes back that the cursor, which a bar hides, is shown again when a signal ends the process. */
  #forget: (() => void) | undefined;
  #phase = '';
  #started = 0;
  #printed = 0;
  #loss = '';

  /**
   * @param replicas what each replica is called; an empty name for a run alone
   * @param stream standard error by default
   */
  constructor({
    replicas = [''],
    stream = process.stderr,
  }: { replicas?: readonly string[]; stream?: NodeJS.WriteStream } = {}) {
    this.#replicas = replicas;
    this.#stream = stream;
  }

  /** Takes the next event of the job. */
  show(event: JobEvent): void {
    switch (event.type) {
      case 'adapter':
        this.#line(adapterLine(event.adapter));
        break;
      case 'phase':
        if (event.phase === 'evaluating') this.#noise();
        this.#phase = event.phase;
        this.#begin();
        if (!this.#stream.isTTY) this.#line(event.phase);
        break;
      case 'note':
        this.#line(event.text);
        break;
      case 'progress':
        this.#progress(event);
        break;
      case 'search':
        // How many products are left nobody knows.
        this.#advance(event.converged, event.wanted, 'found', `${event.products} products`);
        break;
      case 'readings': {
        const latest = event.readings.at(-1);
        if (latest) this.#loss = `, loss ${latest.loss.toPrecision(4)}`;
        for (const reading of event.readings) {
          if (reading.bSimple !== undefined) this.#measured.set(reading.replica, reading);
          if (reading.instruments)
            this.#told.set(reading.replica, { ...this.#told.get(reading.replica), ...toldLines(reading) });
        }
        break;
      }
      case 'diverged':
        this.#line(`${this.#of(event.replica)}diverged at step ${event.step}: ${event.reason}`);
        break;
      case 'sample':
        this.#line(
          `${this.#of(event.replica)}step ${event.step}, the model goes on:\n${printable(event.text)}`,
        );
        break;
      case 'evaluation': {
        const { step, replica, split, weights, loss, accuracy } = event;
        const whose = WEIGHTS[weights];
        const right = accuracy === null ? '' : `, accuracy ${(100 * accuracy).toFixed(2)} %`;
        this.#line(`${this.#of(replica)}step ${step}, ${split} loss${whose} ${loss.toPrecision(5)}${right}`);
        break;
      }
    }
  }

  /** Leaves the terminal as it was. */
  close(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#forget?.();
    this.#forget = undefined;
  }

  /** The noise scale, and what instruments told last, at the end of training. */
  #noise(): void {
    for (const [replica, reading] of [...this.#measured].sort(([a], [b]) => a - b)) {
      this.#line(`${this.#of(replica)}step ${reading.step}, B_simple ${noiseScaleText(reading)}`);
    }
    this.#measured.clear();
    for (const [replica, lines] of [...this.#told].sort(([a], [b]) => a - b)) {
      for (const line of Object.values(lines)) this.#line(`${this.#of(replica)}${line}`);
    }
    this.#told.clear();
  }

  #of(replica: number): string {
    const name = this.#replicas[replica] ?? `replica ${replica}`;
    return name === '' ? '' : `${name}: `;
  }

  #begin(): void {
    this.close();
    this.#started = performance.now();
    this.#printed = this.#started;
    this.#loss = '';
  }

  #line(text: string): void {
    this.close();
    this.#stream.write(`${text}\n`);
  }

  #progress({ done, before = 0, total, unit }: Extract<JobEvent, { type: 'progress' }>): void {
    const seconds = Math.max(performance.now() - this.#started, 1) / 1000;
    const rate = (done - before) / seconds;
    const left = rate > 0 ? duration((total - done) / rate) : '?';
    this.#advance(
      done,
      total,
      unit,
      `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} ${unit}/s, ${left} left${this.#loss}`,
    );
  }

  /** A bar's next state, or a line where one is due. */
  #advance(done: number, total: number, unit: string, status: string): void {
    const now = performance.now();
    if (this.#stream.isTTY) {
      if (!this.#bar) {
        this.#forget = beforeSignal(() => this.close());
        this.#bar = new cliProgress.SingleBar({
          stream: this.#stream,
          format: '{phase} {bar} {value}/{total} {unit}, {status}',
          hideCursor: true,
          barsize: 24,
          clearOnComplete: true,
        });
        this.#bar.start(total, done, { phase: this.#phase, unit, status });
      } else {
        this.#bar.setTotal(total);
        this.#bar.update(done, { phase: this.#phase, unit, status });
      }
    } else if (now - this.#printed >= LINE_INTERVAL * 1000) {
      this.#printed = now;
      this.#line(`${this.#phase}: ${done}/${total} ${unit}, ${status}`);
    }
  }
}

/** What a reading's instruments show, a line each by their types: `step 96, λ 3.21`. */
function toldLines({ step, instruments = {} }: Reading): Record<string, string> {
  return Object.fromEntries(
    Object.entries(instruments).map(([type, told]) => [
      type,
      `step ${step}, ${toldNumbers(type, told)
        .map((each) => each.join(' '))
        .join(', ')}`,
    ]),
  );
}

const WEIGHTS: Record<Extract<JobEvent, { type: 'evaluation' }>['weights'], string> = {
  last: '',
  swa: ' of the SWA average',
  ema: ' of the exponential average',
  lawa: ' of the mean of the last captures',
  swag: ' of the mean of the captures',
  recomputed: ' of the last weights, statistics recomputed',
};

const PLACES: Record<AdapterInfo['runtime'], string> = {
  node: 'Node',
  deno: 'Deno',
  page: 'a browser',
  worker: 'a browser',
};

/** One line that names the adapter, and says so when it is no GPU. */
export function adapterLine({
  vendor,
  architecture,
  description,
  device,
  software,
  runtime,
}: AdapterInfo): string {
  const name =
    [vendor, architecture, description || device].filter((part) => part !== '').join(' ') || 'unnamed';
  const warning = software ? ' (a software adapter: it computes on the CPU)' : '';
  return `adapter: ${name}${warning}, in ${PLACES[runtime]}`;
}

/** 75 → "1 min 15 s". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A text as a terminal may be given it: what would move its cursor or change its colours is shown as �. */
function printable(text: string): string {
  const plain = text.replaceAll('\r\n', '\n');
  return [...plain].map((sign) => (!/[\n\t]/.test(sign) && /\p{Cc}/u.test(sign) ? '\ufffd' : sign)).join('');
}
