import type { Trial } from '../../selftest/trial.ts';
import type { KernelCase } from '../kernelCases.ts';
import type { LadderName } from '../kernelsReport.ts';
import { attentionLadder } from '../ladder/attention.ts';
import { convLadder } from '../ladder/conv.ts';
import { convWeightGradientLadder } from '../ladder/convWeightGradient.ts';
import { matmulLadder } from '../ladder/matmul.ts';
import { mlpStepLadder, stepTrial } from '../ladder/mlpStep.ts';
import { momentsLadder } from '../ladder/moments.ts';
import { type Ladder, rungTrial } from '../ladder/rung.ts';
import { sumLadder } from '../ladder/sum.ts';

const LAYER = { images: 2, channels: 2, outChannels: 4, side: 6, kernel: 3 };

function small<S>(ladder: Ladder<S>, shape: S): (number: number) => Trial {
  return (number) => rungTrial(ladder, ladder.rungs.find((rung) => rung.number === number)!, shape);
}

/** Shapes that the detector follows in a second or two: several workgroups, more than one tile along what is summed. */
const RUNGS: Readonly<Record<LadderName, (number: number) => Trial>> = {
  matmul: small(matmulLadder, { m: 20, n: 20, k: 20 }),
  sum: small(sumLadder, { elements: 600 }),
  moments: small(momentsLadder, { batch: 5, inputs: 12, outputs: 8 }),
  conv: small(convLadder, LAYER),
  'conv weight gradient': small(convWeightGradientLadder, LAYER),
  attention: small(attentionLadder, { matrices: 2, places: 9, width: 4 }),
  'MLP step': (number) =>
    stepTrial(mlpStepLadder.rungs.find((rung) => rung.number === number)!, {
      batch: 5,
      inputs: 6,
      hidden: 8,
      classes: 3,
    }),
};

/** Elements of operands about which a trial is small and yet has several workgroups. */
const ELEMENTS = 400;
const MOST_ELEMENTS = 3000;

/** The trial at which the race detector follows a kernel; undefined where none is small enough. */
export function raceTrial({ ladder }: KernelCase, odd: readonly Trial[]): Trial | undefined {
  if (ladder) return RUNGS[ladder.name](ladder.number);
  const distance = (trial: Trial): number => Math.abs(Math.log(elements(trial) / ELEMENTS));
  return odd.filter((trial) => elements(trial) <= MOST_ELEMENTS).sort((a, b) => distance(a) - distance(b))[0];
}

function elements({ operands, replicas }: Trial): number {
  const sizes = Object.values(operands).map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  return replicas * sizes.reduce((sum, size) => sum + size, 0);
}
