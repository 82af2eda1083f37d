import { WorkgroupScheduler } from 'wgsl_reflect/wgsl_reflect.module.js';
import { kernelTarget } from '../../autograd/compile.ts';
import type { Gpu } from '../../gpu/device.ts';
import { emulatedGpu, type Race } from '../../selftest/emulatedGpu.ts';
import { checkOnce, prepareTrial } from '../../selftest/runTrial.ts';
import type { Trial } from '../../selftest/trial.ts';

/** What came of following a trial's kernels invocation by invocation. */
export interface Followed {
  readonly races: readonly Race[];
  /** The numbers are those of the reference. */
  readonly ok: boolean;
  /** Why it was given up; null where it came to its end. */
  readonly givenUp: string | null;
  /** It was given up because the time was over. */
  readonly late: boolean;
  readonly milliseconds: number;
}

/**
 * Runs a trial on the emulation whose every workgroup the race detector follows in lockstep, as this adapter would plan it.
 * @param limit milliseconds after which it is given up
 */
export async function followTrial(gpu: Gpu, trial: Trial, limit: number): Promise<Followed> {
  const { subgroupSize, f16 = false } = kernelTarget(gpu);
  const emulation = emulatedGpu({ software: gpu.info.software, subgroupSize, f16 });
  const started = performance.now();
  const clock = new StepClock(started + limit);
  const said = new Set<string>();
  const restore = silenced((text) => said.add(text));
  const { races } = emulation;
  const outcome = (ok: boolean, givenUp: string | null): Followed => ({
    races,
    ok,
    givenUp: clock.late ? `it takes more than ${Math.round(limit / 1000)} s` : givenUp,
    late: clock.late,
    milliseconds: performance.now() - started,
  });
  try {
    const prepared = await prepareTrial(emulation.gpu, trial);
    const { ok } = await checkOnce(emulation.gpu, prepared);
    prepared.dispose();
    const [first] = said;
    return outcome(ok, first === undefined ? null : `it says "${first}"`);
  } catch (error) {
    return outcome(false, `it fails with "${(error as Error).message}"`);
  } finally {
    restore();
    clock.stop();
  }
}

/**
 * Ends the detector when its time is over: it counts the steps of a workgroup against a budget, which is asked for at every step, and from then on there
 * is none.
 */
class StepClock {
  late = false;

  constructor(end: number) {
    Object.defineProperty(WorkgroupScheduler.prototype, 'stepBudget', {
      configurable: true,
      get: () => {
        if (!this.late && performance.now() > end) this.late = true;
        return this.late ? -1 : Number.POSITIVE_INFINITY;
      },
      set() {},
    });
  }

  stop(): void {
    delete (WorkgroupScheduler.prototype as { stepBudget?: number }).stepBudget;
  }
}

/** What the interpreter cannot do it says to the console, and goes on. @returns a function that ends the silence */
function silenced(hear: (text: string) => void): () => void {
  const { error, warn } = console;
  const listen = (...words: unknown[]): void => hear(words.join(' '));
  console.error = listen;
  console.warn = listen;
  return () => Object.assign(console, { error, warn });
}
