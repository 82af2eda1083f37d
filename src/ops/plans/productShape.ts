import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { Candidate } from '../../gpu/kernelChoice.ts';

export type MatmulForm = 'NN' | 'NT' | 'TN';
export type Activation = 'none' | 'relu' | 'tanh' | 'sigmoid';

/** The numbers by which the kernels know activations. */
export const ACTIVATION_NUMBER: Record<Activation, number> = { none: 0, relu: 1, tanh: 2, sigmoid: 3 };

/** One replica's product C [m, n] = op(A)·op(B) and what is fused into it. */
export interface MatmulShape {
  /** NN: A [m, k], B [k, n]. NT: A [m, k], B [n, k]. TN: A [k, m], B [k, n]. */
  readonly form: MatmulForm;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Adds `bias` [n] to every row. */
  readonly bias?: boolean;
  readonly activation?: Activation;
  /** Multiplies by the derivative of an activation, given its output `y` [m, n]. */
  readonly mask?: Activation;
  /**
   * TN only: also Σ_k A[k, i], the bias gradient, into the buffer of `c` at the parameter `columnSumOffset`, which the
   * caller sets (counted from the buffer's start; replicas are as far apart as those of `c`).
   */
  readonly columnSum?: boolean;
  /** Adds `addend` [m, n]. */
  readonly addend?: boolean;
  /** A second product of the same form, over this many k, of the operands `a2` and `b2`: C = op(A)·op(B) + op(A2)·op(B2). */
  readonly k2?: number;
  /** Many products of one shape; C is [outer·inner, m, n]. */
  readonly batch?: Batch;
  /** The first pass of split-K: C is [parts, m·n], or [parts, m·n + m] with column sums behind each part. */
  readonly parts?: number;
}

/** Products at two levels of strides: where the operands of product (o, i) start, in elements. */
export interface Batch {
  readonly outer: number;
  readonly inner: number;
  /** Strides of o and of i; 0 repeats the operand. */
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
}

/** A way to compute a product: one dispatch, or two where its k is split. */
export interface MatmulCandidate extends Candidate {
  /** `call` writes parts to scratch, as its operand `c`; this sums them. */
  readonly split?: Split;
}

export interface Split {
  readonly parts: number;
  /** Elements of the scratch, and where in the first part its column sums start. */
  readonly elements: number;
  readonly columnSumOffset: number;
  /** Operands `part`, `c` and those of the epilogue; `columnSumOffset` as for a product. */
  readonly finish: KernelCall;
}

/** Whether only kernels with strides, pairs and addends compute it. */
export function isPlain({ addend, k2, batch, parts }: MatmulShape): boolean {
  return !addend && k2 === undefined && !batch && parts === undefined;
}

/** Products in one dispatch: of a batch, or parts of one. */
export function productCount({ batch, parts }: MatmulShape): number {
  return batch ? batch.outer * batch.inner : (parts ?? 1);
}

/** Consecutive k in each part: whole tiles of workgroup memory, and fours. */
export function partLength(k: number, parts: number): number {
  return 16 * Math.ceil(k / parts / 16);
}

/** The parameters that the kernels of batches and parts share. */
export function batchParams(shape: MatmulShape): Record<string, number> {
  const { m, n, k, batch, parts, columnSum } = shape;
  const chunk = parts === undefined ? k : partLength(k, parts);
  return {
    batches: productCount(shape),
    inner: batch?.inner ?? 1,
    kStride: parts === undefined ? 0 : chunk,
    kLength: chunk,
    cBatch: m * n + (parts !== undefined && columnSum ? m : 0),
    aOuter: batch?.a[0] ?? 0,
    aInner: batch?.a[1] ?? 0,
    bOuter: batch?.b[0] ?? 0,
    bInner: batch?.b[1] ?? 0,
  };
}

/** The knobs of what is fused into a product. */
export function epilogueKnobs({
  bias = false,
  addend = false,
  activation = 'none',
  mask = 'none',
}: MatmulShape): Record<string, number | boolean> {
  return {
    BIAS: bias,
    ADDEND: addend,
    ACTIVATION: ACTIVATION_NUMBER[activation],
    MASK: ACTIVATION_NUMBER[mask],
  };
}

/** The same for kernels without addends, whose column sums are the form TN's. */
export function formKnobs(shape: MatmulShape): Record<string, number | boolean> {
  const { form, bias = false, activation = 'none', mask = 'none', columnSum = false } = shape;
  return {
    BIAS: bias,
    ACTIVATION: ACTIVATION_NUMBER[activation],
    MASK: ACTIVATION_NUMBER[mask],
    ...(form === 'TN' ? { COLUMN_SUM: columnSum } : {}),
  };
}

/** The parameters of kernels of one form, without strides. */
export function tileParams({ form, m, n, k }: MatmulShape): Record<string, number> {
  return { m, n, k, ...(form === 'TN' ? { columnSumOffset: 0 } : {}) };
}
