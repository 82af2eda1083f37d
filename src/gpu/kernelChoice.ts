import type { KernelCall } from './kernelCall.ts';

/** One of the kernels and variants that can compute a shape on an adapter. */
export interface Candidate {
  /** Readable and stable: tables and results name it. Unique among the candidates of a shape. */
  readonly name: string;
  /** What is dispatched; a planner whose variants take more (scratch, a second pass) adds it beside. */
  readonly call: KernelCall;
}

/** What a planner wants a kernel for: of one replica, never of how many run beside it. */
export interface KernelDemand {
  /** The planner: `matmul`. */
  readonly family: string;
  /** The exact shape, as that planner takes it. */
  readonly shape: object;
  /** The exact shape as text: what a run records its choice under. */
  readonly key: string;
  /** Shapes that are alike: what a measured choice is kept under. */
  readonly bucket: string;
}

/** Which variant to take where there are several. */
export interface KernelChoices {
  /** What was measured to be best, by family and bucket: where it is the same, the same kernels are taken. */
  readonly measured?: Readonly<Record<string, string>>;
  /** A candidate's name, or undefined for the planner's default; one that is no candidate counts as undefined. */
  wanted(demand: KernelDemand): string | undefined;
  /** Told what was taken, and among what. */
  taken?(demand: KernelDemand, taken: Candidate, candidates: readonly Candidate[]): void;
}

/** The wanted candidate, else the first, which is the planner's own default. */
export function choose<C extends Candidate>(
  candidates: readonly C[],
  demand: KernelDemand,
  choices?: KernelChoices,
): C {
  const wanted = choices?.wanted(demand);
  const taken = candidates.find(({ name }) => name === wanted) ?? candidates[0]!;
  choices?.taken?.(demand, taken, candidates);
  return taken;
}

/**
 * A shape as text: numbers as `name=value`, words as they are, flags by their names; what is false, empty or `none` is left
 * out.
 */
export function shapeKey(shape: Readonly<Record<string, number | string | boolean | undefined>>): string {
  return Object.entries(shape)
    .flatMap(([name, value]) => {
      if (typeof value === 'number') return [`${name}=${value}`];
      if (typeof value === 'string') return value === '' || value === 'none' ? [] : [value];
      return value ? [name] : [];
    })
    .join(' ');
}

/**
 * Extents as text, each rounded to the nearest power of two, and which of them are divisible by four:
 * `m~64 n~8 k~1024, fours: m k` for 64, 10 and 784.
 */
export function bucketOf(extents: Readonly<Record<string, number>>): string {
  const rounded = Object.entries(extents).map(([name, n]) => `${name}~${2 ** Math.round(Math.log2(n))}`);
  const fours = Object.entries(extents).flatMap(([name, n]) => (n % 4 === 0 ? [name] : []));
  return [rounded.join(' '), ...(fours.length > 0 ? [`fours: ${fours.join(' ')}`] : [])].join(', ');
}
