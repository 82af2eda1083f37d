import type { State } from '../gpu/state.ts';
import type { RunChange } from './runChange.ts';

/** ε of every step of each replica, on the host and on the device, through the changes of a run. */
export class RunRates {
  readonly #host: readonly Float32Array[];
  readonly #device: State;

  /**
   * @param rates of each replica's steps, which are written to the device already
   * @param device one of that length for each replica
   */
  constructor(rates: readonly Float32Array[], device: State) {
    this.#host = rates.map((each) => each.slice());
    this.#device = device;
  }

  /** Of a step, counted from 0. */
  at(replica: number, step: number): number {
    return this.#host[replica]![step]!;
  }

  /** Of every step of a replica, a copy. */
  of(replica: number): Float32Array {
    return this.#host[replica]!.slice();
  }

  /**
   * What a change makes of them, on the host.
   * @returns the replicas whose rates it changes
   */
  apply(change: RunChange): readonly number[] {
    const { from } = change;
    const all = this.#host.map((_, r) => r);
    const replica = 'replica' in change ? change.replica : null;
    const changed = replica === null ? all : [replica];
    for (const rates of changed.map((r) => this.#host[r]!)) {
      if ('rate' in change) rates.fill(change.rate, from);
      else if ('rateFactor' in change)
        for (let step = from; step < rates.length; step++) rates[step]! *= change.rateFactor;
    }
    return changed;
  }

  /** Writes some replicas' rates to the device, from a step on. */
  write(replicas: readonly number[], from: number): void {
    for (const replica of replicas) {
      const rates = this.#host[replica]!;
      if (from < rates.length) this.#device.write(rates.subarray(from), { replica, at: from });
    }
  }
}
