import type { Trial } from '../../selftest/trial.ts';
import { attentionLadder } from './attention.ts';
import { convLadder } from './conv.ts';
import { convWeightGradientLadder } from './convWeightGradient.ts';
import { matmulLadder } from './matmul.ts';
import { mlpStepLadder, stepTrial } from './mlpStep.ts';
import { momentsLadder } from './moments.ts';
import { type Ladder, rungTrial } from './rung.ts';
import { sumLadder } from './sum.ts';

/** Each rung at each shape that it takes; the first for three replicas. */
function trialsOf<S>(ladder: Ladder<S>, shapes: readonly S[]): Trial[] {
  return ladder.rungs.flatMap((rung) =>
    shapes.map((shape, i) => rungTrial(ladder, rung, shape, { replicas: i === 0 ? 3 : 1 })),
  );
}

const CONVOLUTIONS = [
  { images: 3, channels: 3, outChannels: 5, side: 9, kernel: 3 },
  { images: 33, channels: 2, outChannels: 9, side: 13, kernel: 5 },
  { images: 1, channels: 1, outChannels: 1, side: 1, kernel: 1 },
];

/** Every version of the kernels that the bench explains: ragged tiles, whole ones, one and several passes. */
export function ladderTrials(): Trial[] {
  return [
    ...trialsOf(matmulLadder, [
      { m: 68, n: 132, k: 36 },
      { m: 33, n: 65, k: 127 },
      { m: 1, n: 1, k: 1 },
    ]),
    ...trialsOf(sumLadder, [{ elements: 4097 }, { elements: 1 }, { elements: 127 }, { elements: 101_770 }]),
    ...trialsOf(momentsLadder, [
      { batch: 33, inputs: 68, outputs: 36 },
      { batch: 65, inputs: 33, outputs: 127 },
      { batch: 1, inputs: 1, outputs: 1 },
    ]),
    ...trialsOf(convLadder, CONVOLUTIONS),
    ...trialsOf(convWeightGradientLadder, CONVOLUTIONS),
    ...trialsOf(attentionLadder, [
      { matrices: 3, places: 33, width: 8 },
      { matrices: 1, places: 65, width: 5 },
      { matrices: 1, places: 1, width: 4 },
    ]),
    ...mlpStepLadder.rungs.flatMap((rung) => [
      stepTrial(rung, { batch: 33, inputs: 65, hidden: 36, classes: 7 }, { replicas: 3 }),
      stepTrial(rung, { batch: 16, inputs: 64, hidden: 128, classes: 12 }),
      stepTrial(rung, { batch: 1, inputs: 1, hidden: 1, classes: 2 }),
    ]),
  ];
}
