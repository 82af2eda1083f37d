import matvec from '../../../shaders/matmul/matvec.wgsl';
import matvecRegister from '../../../shaders/matmul/matvecRegister.wgsl';
import {
  batchParams,
  epilogueKnobs,
  type MatmulCandidate,
  type MatmulShape,
  productCount,
} from './productShape.ts';

/** Whether a product is a matrix times a vector that the matrix–vector kernels compute. */
export function isMatvec({ m, n, k2, columnSum = false }: MatmulShape): boolean {
  return (m === 1 || n === 1) && k2 === undefined && !columnSum;
}

/** A product with one row or one column as M·v: which operand M is, and its strides between outputs and along k. */
function asMatvec({ form, m, n, k }: MatmulShape): {
  MATRIX_B: boolean;
  params: Record<'outputs' | 'out' | 'step' | 'k' | 'biasStep', number>;
} {
  // With one row the matrix is B and its columns are outputs; with one column it is A.
  const MATRIX_B = m === 1;
  const [outputs, alongK] = MATRIX_B ? [n, form === 'NT'] : [m, form !== 'TN'];
  const [out, step] = alongK ? [k, 1] : [1, outputs];
  return { MATRIX_B, params: { outputs, out, step, k, biasStep: MATRIX_B ? 1 : 0 } };
}

/** Lanes that share an output's k, and invocations a workgroup. */
const LANES = [
  [8, 64],
  [8, 256],
  [32, 128],
  [128, 128],
] as const;

/**
 * An output's k shared out among lanes, the preferred number first. Where k is contiguous a subgroup's worth of them
 * reads consecutive elements, and all of a workgroup where k is long; else 32 consecutive outputs do.
 */
export function matvecCandidates(shape: MatmulShape): readonly MatmulCandidate[] {
  const { params } = asMatvec(shape);
  const alongK = params.step === 1;
  const wanted = !alongK ? LANES[1] : params.k < 64 ? LANES[0] : params.k < 4096 ? LANES[2] : LANES[3];
  return [wanted, ...LANES.filter((lanes) => lanes !== wanted)].map(([lanes, threads]) =>
    shared(shape, lanes, threads),
  );
}

/** Workgroups of the preferred variant. */
export function matvecGroups(shape: MatmulShape): number {
  return matvecCandidates(shape)[0]!.call.grid[0];
}

function shared(shape: MatmulShape, lanes: number, threads: number): MatmulCandidate {
  const { MATRIX_B, params } = asMatvec(shape);
  return {
    name: `matrix–vector, ${threads / lanes} by ${lanes} lanes`,
    call: {
      source: matvec,
      knobs: {
        THREADS: threads,
        LANES: lanes,
        K_FIRST: params.step === 1,
        MATRIX_B,
        ...epilogueKnobs(shape),
      },
      params: { ...params, ...batchParams(shape) },
      grid: [Math.ceil(params.outputs / (threads / lanes)) * productCount(shape), 1],
    },
  };
}

/**
 * Without barriers, for adapters that compute on the CPU; no batches or parts. 512 outputs of 512 k take 0.83 to 0.88 ms
 * against 1.2 to 2.3 in quads on lavapipe and 1.1 to 2.2 against 2.7 to 8.1 on SwiftShader (two cores, 2026-11-23).
 */
export function matvecRegisterCandidate(shape: MatmulShape): MatmulCandidate {
  const { MATRIX_B, params } = asMatvec(shape);
  const [WIDTH, OUTPUTS] = [16, 4];
  return {
    name: 'matrix–vector in registers',
    call: {
      source: matvecRegister,
      knobs: { WIDTH, OUTPUTS, MATRIX_B, ...epilogueKnobs(shape) },
      params,
      grid: [Math.ceil(Math.ceil(params.outputs / OUTPUTS) / WIDTH), 1],
    },
  };
}
