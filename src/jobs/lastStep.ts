import { DeviceLostError } from '../gpu/orLost.ts';
import type { JobEvent } from './jobEvent.ts';

/** How far a job was, by what it told: for the error that ends it when its device or its browser goes away. */
export class LastStep {
  #phase: string | null = null;
  #progress: Extract<JobEvent, { type: 'progress' }> | null = null;

  take(event: JobEvent): void {
    if (event.type === 'phase') this.#phase = event.phase;
    if (event.type === 'progress') this.#progress = event;
  }

  /** What was read last, and the phase it was in: `; the last step read was 120 of 1000 (training)`. */
  get text(): string {
    const phase = this.#phase === null ? '' : ` (${this.#phase})`;
    if (!this.#progress) return `; nothing was read yet${phase}`;
    const { done, total, unit } = this.#progress;
    const last = unit === 'steps' ? `the last step read was ${done}` : `the last of the ${unit} was ${done}`;
    return `; ${last} of ${total}${phase}`;
  }

  /** The error as it is, or that of a lost device with what was read last. */
  naming(error: unknown): unknown {
    return error instanceof DeviceLostError ? new DeviceLostError(`${error.message}${this.text}`) : error;
  }
}
