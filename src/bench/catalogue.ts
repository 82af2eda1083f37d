import { rowOf } from './edit/rowOf.ts';
import { FAMILIES, kernelCases } from './kernelCases.ts';
import type { LadderText } from './kernelsReport.ts';
import { attentionLadder } from './ladder/attention.ts';
import { convLadder } from './ladder/conv.ts';
import { convWeightGradientLadder } from './ladder/convWeightGradient.ts';
import { matmulLadder } from './ladder/matmul.ts';
import { mlpStepLadder } from './ladder/mlpStep.ts';
import { momentsLadder } from './ladder/moments.ts';
import { ladderText } from './ladder/rung.ts';
import { sumLadder } from './ladder/sum.ts';

/** What the kernel bench can be asked for. */
export interface Catalogue {
  /** In the order of their first rows. */
  readonly families: readonly string[];
  readonly ladders: readonly LadderText[];
  /** Rows without their shapes, each with what it computes: their kernels can be edited. */
  readonly rows: readonly { readonly row: string; readonly title: string }[];
}

/** Each row once, whatever the scale. */
function rows(): Catalogue['rows'] {
  const titles = new Map(kernelCases('quick').map((each) => [rowOf(each), each.ladder?.title ?? each.title]));
  return [...titles].map(([row, title]) => ({ row, title }));
}

export const catalogue: Catalogue = {
  families: FAMILIES,
  ladders: [
    ladderText(matmulLadder),
    ladderText(sumLadder),
    ladderText(momentsLadder),
    ladderText(convLadder),
    ladderText(convWeightGradientLadder),
    ladderText(attentionLadder),
    ladderText(mlpStepLadder),
  ],
  rows: rows(),
};
