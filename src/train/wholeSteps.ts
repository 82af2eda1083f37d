import { compileOptimised, kernelTarget, optimise } from '../autograd/compile.ts';
import type { Gpu } from '../gpu/device.ts';
import { orLost } from '../gpu/orLost.ts';
import type { Program } from '../gpu/program.ts';
import type { Scope } from '../gpu/scope.ts';
import { fuseStep } from '../optim/fuseStep.ts';
import type { RunParts } from './runParts.ts';

/** What of a run says which steps are one kernel. */
interface StepsOf {
  readonly steps: number;
  readonly replicas: number;
  /** Whether a replica has momentum. */
  readonly momentum: boolean;
  /** In place of the step that follows from the shape. */
  readonly wholeFrom?: number | undefined;
}

/** A program in the place of another, from a step on, counted from 0. */
interface WholeStepProgram {
  readonly from: number;
  readonly program: Promise<Program>;
}

/**
 * The programs in which a step is one kernel: of the kinds of step at which nothing is measured. They are compiled beside the first
 * steps, and taken from a step on that is known in advance (see `WholeStep`).
 */
export class WholeSteps {
  readonly #gpu: Gpu;
  readonly #making: Promise<unknown>;
  readonly #ready = new Map<string, { readonly from: number; readonly program: Program }>();
  /** Steps that may be submitted without waiting for a compiler. */
  #known = Number.POSITIVE_INFINITY;

  /**
   * Begins to compile them, where the run has any. Nothing waits for that here.
   * @param scope gets what is made
   */
  constructor(gpu: Gpu, scope: Scope, parts: RunParts, of: StepsOf) {
    this.#gpu = gpu;
    const making = compileWholeSteps(gpu, parts, of);
    for (const { from } of making.values()) this.#known = Math.min(this.#known, from);
    const made = [...making].map(async ([key, { from, program }]) => {
      this.#ready.set(key, { from, program: scope.own(await program) });
    });
    this.#making = Promise.all(made).then(() => {
      this.#known = Number.POSITIVE_INFINITY;
    });
    // A failure is told to whoever waits for them.
    this.#making.catch(() => {});
  }

  get known(): number {
    return this.#known;
  }

  /**
   * Waits until all are compiled.
   * @throws with the kernel's name where it is refused; DeviceLostError
   */
  async compiled(): Promise<void> {
    await orLost(this.#gpu, this.#making);
  }

  /** Those that are compiled. */
  get programs(): readonly Program[] {
    return [...this.#ready.values()].map(({ program }) => program);
  }

  /** The program of a step, counted from 0, if it is one kernel. */
  at(step: number, key: string): Program | undefined {
    const whole = this.#ready.get(key);
    return whole && step >= whole.from ? whole.program : undefined;
  }
}

/** Plans them all at once and begins to compile them, by the keys of the programs in whose place they are. */
export function compileWholeSteps(
  gpu: Gpu,
  { traces, unmeasured, arena }: RunParts,
  { steps, replicas, momentum, wholeFrom }: StepsOf,
): ReadonlyMap<string, WholeStepProgram> {
  const compiling = new Map<string, WholeStepProgram>();
  for (const { key, label, graph } of traces) {
    if (!unmeasured.has(key)) continue;
    const fused = fuseStep(optimise(graph), kernelTarget(gpu), { momentum, steps, wholeFrom });
    if (!fused) continue;
    const options = { label: `${label}, whole`, replicas, arena };
    compiling.set(key, { from: fused.from, program: compileOptimised(gpu, fused.graph, options) });
  }
  return compiling;
}
