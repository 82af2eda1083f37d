import { InputError } from '../host/inputError.ts';
import type { Gpu } from './device.ts';
import type { Candidate, KernelChoices, KernelDemand } from './kernelChoice.ts';

/** The choices of a run: variant by the exact shape, by family. */
export type KernelRecord = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The same while it is made. */
export type TakenKernels = Record<string, Record<string, string>>;

/**
 * Keeps the choices of one run, and repeats those of an earlier one. With a record given, measurements count for nothing:
 * a shape that it does not name gets the planner's default.
 */
export class RunKernels implements KernelChoices {
  /** What was taken, wherever there was a choice. */
  readonly record: TakenKernels;
  readonly #given: KernelRecord | undefined;
  readonly #measured: KernelChoices | undefined;
  readonly #around: KernelChoices | undefined;

  /** @param record what was taken before, which goes on */
  constructor(gpu: Gpu, given?: KernelRecord, record: TakenKernels = {}) {
    this.record = record;
    this.#given = given;
    this.#measured = given ? undefined : gpu.kernels;
    this.#around = gpu.kernels;
  }

  wanted(demand: KernelDemand): string | undefined {
    return this.#given ? this.#given[demand.family]?.[demand.key] : this.#measured?.wanted(demand);
  }

  /** @throws InputError if the given record names a variant that this adapter or version has not. */
  taken(demand: KernelDemand, candidate: Candidate, candidates: readonly Candidate[]): void {
    const { family, key } = demand;
    const { name } = candidate;
    const given = this.#given?.[family]?.[key];
    if (given !== undefined && given !== name) {
      const names = candidates.map((candidate) => candidate.name).join(', ');
      const found = `the variant "${given}" is not among those of this adapter and version: ${names}`;
      throw new InputError('kernels', `${family}.${key}`, found);
    }
    if (candidates.length > 1) this.record[family] = { ...this.record[family], [key]: name };
    // A run within a run, as a training within an experiment's cell: what it took, that one took.
    this.#around?.taken?.(demand, candidate, candidates);
  }
}
