import type { AdapterInfo, Gpu } from '../gpu/device.ts';
import { DeviceLostError } from '../gpu/orLost.ts';
import { FinishedParts } from '../host/finishedParts.ts';
import { InputError } from '../host/inputError.ts';
import { sleep } from '../host/sleep.ts';
import { firstDifference } from '../train/firstDifference.ts';
import type { JobEvent } from './jobEvent.ts';

/** Losses one after the other, with no part of the job finished between them, that end it. */
const MOST_IN_A_ROW = 4;
/** Milliseconds before each try to open a device: a driver that fell takes a while to stand up. */
const TRIES = [0, 500, 1000, 2000, 4000];
/** Milliseconds that a failure of unknown cause gives the loss of the device to be reported. */
const GRACE = 1000;

const CURE =
  'give the GPU less to do at once (a smaller batch or model), or close what else uses it; a run that keeps snapshots goes on from its last one';

/** What has been told of a job on the devices before. */
export interface Before {
  readonly finished: FinishedParts;
  /** The last step whose readings were told; 0 for none. */
  readonly known: number;
}

/**
 * Runs a job through losses of its device: another one is opened, and the job begins again behind the parts that it had finished, so that it
 * gives the bits of one that was never interrupted. What was told is not told again, but for evaluations since the last part.
 *
 * @param open opens a device: the first one, and each that takes another's place
 * @param events the job on a device
 * @throws what the job throws; DeviceLostError where losses follow each other with nothing finished between, where no device can be
 *   opened, and where it is another one: it says how far the job was, and what to do
 */
export async function* onDevices(
  open: () => Promise<Gpu>,
  events: (gpu: Gpu, before: Before) => AsyncGenerator<JobEvent, void, void>,
  finished = new FinishedParts(),
): AsyncGenerator<JobEvent, void, void> {
  const news = new News();
  let gpu = await open();
  const { info } = gpu;
  try {
    for (let [inARow, kept] = [0, 0]; ; ) {
      let lost: unknown;
      try {
        for await (const event of events(gpu, { finished, known: news.step })) {
          if (news.take(event)) yield event;
        }
        return;
      } catch (error) {
        lost = error;
      }
      if (!(await isLoss(gpu, lost))) throw lost;
      inARow = finished.kept > kept ? 1 : inARow + 1;
      kept = finished.kept;
      const { message } = lost as Error;
      if (inARow === MOST_IN_A_ROW) {
        throw new DeviceLostError(
          `${message}; ${inARow} devices one after the other were lost before anything was finished on them: ${CURE}`,
        );
      }
      yield { type: 'note', text: `${message}; the job goes on with another device` };
      gpu.dispose();
      gpu = await reopen(open, info, message);
      news.begin();
    }
  } finally {
    gpu.dispose();
  }
}

/** Whether a job failed since its device went away: not by what it was given, nor by an error of Basin's own, which would come again. */
async function isLoss(gpu: Gpu, error: unknown): Promise<boolean> {
  if (error instanceof InputError) return false;
  if (!(error instanceof DeviceLostError)) {
    const gone = await Promise.race([gpu.lost.then(() => true), sleep(GRACE).then(() => false)]);
    if (!gone) return false;
  }
  return gpu.errors.length === 0;
}

async function reopen(open: () => Promise<Gpu>, before: AdapterInfo, loss: string): Promise<Gpu> {
  let failure: unknown;
  for (const wait of TRIES) {
    await sleep(wait);
    try {
      const gpu = await open();
      const other = firstDifference(before, gpu.info);
      if (!other) return gpu;
      gpu.dispose();
      throw new DeviceLostError(
        `${loss}; the device that took its place is another (${other.path} is ${other.b}, was ${other.a}), whose bits may be others: begin again, or go on from a snapshot`,
      );
    } catch (error) {
      if (error instanceof DeviceLostError) throw error;
      failure = error;
    }
  }
  const { message } = failure as Error;
  throw new DeviceLostError(
    `${loss}; no other could be opened after it (${message}): restart what offers it, the browser or the driver; a run that keeps snapshots then goes on from its last one`,
  );
}

/** What of a job's events is new to whoever takes them. */
class News {
  /** The last step whose readings were told. */
  step = 0;
  /** Notes that were told on devices before, and on all. */
  #before: ReadonlySet<string> = new Set();
  readonly #notes = new Set<string>();
  /** Points of curves that were told of the cell under way. */
  readonly #points = new Set<string>();
  #again = false;

  /** The job begins again. */
  begin(): void {
    this.#again = true;
    this.#before = new Set(this.#notes);
  }

  take(event: JobEvent): boolean {
    switch (event.type) {
      case 'adapter':
        return !this.#again;
      case 'note':
        this.#notes.add(event.text);
        return !this.#before.has(event.text);
      case 'series': {
        const point = JSON.stringify(event);
        const known = this.#points.has(point);
        this.#points.add(point);
        return !known;
      }
      case 'cell':
        this.#points.clear();
        return true;
      case 'readings':
        this.step = Math.max(this.step, event.readings.at(-1)!.step);
        return true;
      default:
        return true;
    }
  }
}
