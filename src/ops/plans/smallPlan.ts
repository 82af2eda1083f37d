import smallNN from '../../../shaders/matmul/matmulSmall.wgsl?vec4&NN';
import smallNT from '../../../shaders/matmul/matmulSmall.wgsl?vec4&NT';
import smallTN from '../../../shaders/matmul/matmulSmall.wgsl?vec4&TN';
import type { Candidate } from '../../gpu/kernelChoice.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import { formKnobs, type MatmulForm, type MatmulShape, tileParams } from './productShape.ts';

const SMALL: Record<MatmulForm, KernelSource> = { NN: smallNN, NT: smallNT, TN: smallTN };
/** Fours of rows and of columns of an invocation's tile. */
const TILES = [
  [1, 2],
  [2, 2],
] as const;
const WIDTH = 4;

/** Small tiles in fours, whatever is fused in compiled in; none where the shape is not in fours. The default first. */
export function smallCandidates(shape: MatmulShape): readonly Candidate[] {
  const { form, m, n, k } = shape;
  if (n % 4 !== 0 || (form === 'TN' ? m : k) % 4 !== 0) return [];
  // A weight gradient has few loads to compile, and as many stores as outputs.
  const tiles = form === 'TN' && m > 4 ? TILES.toReversed() : TILES;
  return tiles.map(([foursM, foursN]) => small(shape, foursM, foursN));
}

function small(shape: MatmulShape, FOURS_M: number, FOURS_N: number): Candidate {
  const { form, m, n } = shape;
  const count = Math.ceil(m / (4 * FOURS_M)) * Math.ceil(n / (4 * FOURS_N));
  return {
    name: `small ${4 * FOURS_M}×${4 * FOURS_N}`,
    call: {
      source: SMALL[form],
      knobs: { WIDTH, FOURS_M, FOURS_N, ...formKnobs(shape) },
      params: tileParams(shape),
      grid: [Math.ceil(count / WIDTH), 1],
    },
  };
}
