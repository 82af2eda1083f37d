import type { JobEvent } from '../../jobs/job.ts';
import { WorkerSession } from '../workerSession.ts';
import { Recording } from './recording.ts';
import type { PlannedRun } from './settings.ts';

export interface SessionProgress {
  done: number;
  total: number;
  unit: string;
  /** A second, over the last few seconds; undefined until it can be told. */
  rate: number | undefined;
}

/** Seconds over which the rate is taken. */
const RATE_WINDOW = 5;

/** The lab's session: a training run, and what it has shown. */
export class LabSession extends WorkerSession {
  progress: SessionProgress | undefined;
  recording: Recording | undefined;
  #marks: { at: number; done: number }[] = [];

  /** Runs a job to its end; errors end up in `error`. */
  async start(run: PlannedRun): Promise<void> {
    const recording = new Recording(run);
    this.recording = recording;
    this.progress = undefined;
    this.#marks = [];
    await this.runJob(run.spec, {
      started: 'Run started',
      failed: 'The run failed',
      ended: (how) => ending(recording, how),
      failure: (error) => failure(error, recording),
      take: (event) => this.#take(event, recording),
    });
  }

  override async resume(): Promise<void> {
    this.#marks = [];
    await super.resume();
  }

  async setLearningRate(learningRate: number, replica?: number): Promise<void> {
    const whose = replica === undefined ? '' : ` of ${this.recording?.replicas[replica]}`;
    this.say(`Learning rate${whose} set to ${learningRate}, from the next step on`);
    await this.worker?.remote.setLearningRate(learningRate, replica);
  }

  protected override get pausedText(): string {
    return pausedAt(this.recording);
  }

  #take(event: JobEvent, recording: Recording): void {
    recording.take(event);
    if (event.type === 'phase') this.#marks = [];
    else if (event.type === 'progress') this.#measureRate(event.done, event.total, event.unit);
    else if (event.type === 'diverged') {
      this.announcement = `${recording.replicas[event.replica]} diverged at step ${event.step}: ${event.reason}`;
    } else if (event.type === 'readings' && this.state === 'paused') {
      // What was under way when the button was pressed.
      this.announcement = pausedAt(recording);
    }
  }

  #measureRate(done: number, total: number, unit: string): void {
    const at = performance.now() / 1000;
    this.#marks.push({ at, done });
    while (this.#marks.length > 2 && at - (this.#marks[1]?.at ?? at) > RATE_WINDOW) this.#marks.shift();
    const first = this.#marks[0] as { at: number; done: number };
    const rate = at - first.at > 0.2 ? (done - first.done) / (at - first.at) : undefined;
    this.progress = { done, total, unit, rate };
  }
}

function pausedAt(recording: Recording | undefined): string {
  return `Paused at step ${recording?.lastStep ?? 0}`;
}

/** How a run ended that gave no error. */
function ending(
  { replicas, diverged, lastStep }: Recording,
  { stopped, abandoned }: { readonly stopped: boolean; readonly abandoned: boolean },
): string {
  if (abandoned) return `Stopped at once after step ${lastStep}: the last evaluation was not made`;
  const steps = [...diverged.values()].map(({ step }) => step);
  if (steps.length === replicas.length) {
    const whose = replicas.length > 1 ? `All ${replicas.length} replicas diverged, the last` : 'Diverged';
    return `${whose} at step ${Math.max(...steps)}`;
  }
  const lost = steps.length > 0 ? `; ${steps.length} of ${replicas.length} replicas diverged` : '';
  return `${stopped ? 'Stopped' : 'Finished'} after step ${lastStep}${lost}`;
}

function failure(error: Error, { lastStep }: Recording): string {
  const message = error.message || error.name;
  // The job says so itself, unless the device went before its first step.
  if (error.name !== 'DeviceLostError' || /last step read/.test(message)) return message;
  return `${message}\nThe last step read was ${lastStep}. Starting again opens the device anew.`;
}
