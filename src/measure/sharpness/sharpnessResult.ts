import type { KeskarSharpness } from './keskar.ts';

/** What `basin sharpness` finds at a point; f is the mean loss over all examples, θ the parameters. */
export interface SharpnessResult {
  /** Of BatchNorm. */
  readonly mode: 'train' | 'eval';
  /** N */
  readonly examples: number;
  /** P */
  readonly parameters: number;
  /** f(θ) */
  readonly loss: number;
  /** |∇f(θ)| */
  readonly gradNorm: number;
  /** Each ε in full space, then each in the random subspace, if there is one. */
  readonly keskar: readonly Omit<KeskarSharpness, 'displacement'>[];
  /** By SAM's step of length ρ; null where the gradient is 0. */
  readonly sam: { readonly rho: number; readonly value: number | null };
  /** By ASAM's; null where T∇f is 0. */
  readonly adaptive: { readonly rho: number; readonly eta: number; readonly value: number | null };
  /** What a reader has to know: which values are null and why. */
  readonly warnings: readonly string[];
}
