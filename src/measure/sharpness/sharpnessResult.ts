/** The largest loss in one box (interfaces §5). */
export interface KeskarResult {
  readonly epsilon: number;
  /** Dimensions of the random subspace; null in full space. */
  readonly subspace: number | null;
  readonly phi: number;
  readonly phiFirstOrder: number;
  readonly maximum: number;
  readonly evaluations: number;
  readonly solver: string;
}

/** What `basin sharpness` finds (interfaces §5). */
export interface SharpnessResult {
  readonly loss: number;
  readonly gradNorm: number;
  readonly keskar: readonly KeskarResult[];
  readonly sam: { readonly rho: number; readonly value: number };
  readonly adaptive: { readonly rho: number; readonly eta: number; readonly value: number };
  readonly warnings: readonly string[];
}
