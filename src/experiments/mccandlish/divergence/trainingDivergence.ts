import { normal } from '../../../random/normal.ts';
import { claim } from '../../claim.ts';
import type { CellEvidence } from '../../experiment.ts';
import type { Panel } from '../../figure.ts';
import type { Measured } from '../../verdict/measured.ts';
import {
  type DivergenceCell,
  type DivergenceEvidence,
  type DivergenceProtocol,
  divergenceStudy,
} from './study.ts';

type Run = CellEvidence<DivergenceCell, DivergenceEvidence>;
type Found = readonly Run[];

/** Within an octave of the rate that the one-step model names. */
const RATIO = [0.5, 2] as const;

/** Whether a run ended higher than it began, by so much as a share of where it began. */
const failed = (loss: number | null, start: number, rise: number): boolean =>
  loss === null || loss > (1 + rise) * start;

/** The least rate from which on training raises the loss, between the grid's; null where that is none of the grid's, or its first. */
export function divergingRate({ cell, evidence }: Run, rise = 0): number | null {
  const { losses, loss, breakEven } = evidence;
  const first = losses.findIndex((end) => failed(end, loss, rise));
  if (first <= 0 || !(breakEven > 0)) return null;
  return breakEven * Math.sqrt(cell.factors[first]! * cell.factors[first - 1]!);
}

interface Options {
  readonly rise?: number;
  /** Whether a batch size is held against the prediction of the one at the other end. */
  readonly swapped?: boolean;
}

function ratios(
  found: Found,
  { batchSizes }: DivergenceProtocol,
  { rise, swapped = false }: Options = {},
): Measured[] {
  return batchSizes.map((B, b) => {
    const predicted = swapped ? batchSizes.at(-1 - b)! : B;
    const runs = found.filter(({ cell }) => cell.branchBatch === B);
    return {
      name: `rate at which training diverges over 2ε_opt(B), B = ${B}`,
      values: runs.map((run) => {
        const other = found.find(
          ({ cell }) => cell.unit === run.cell.unit && cell.branchBatch === predicted,
        )!;
        const rate = divergingRate(run, rise);
        return rate === null ? null : rate / other.evidence.breakEven;
      }),
      margin: RATIO,
      scale: 'log' as const,
    };
  });
}

/** Whether the one-step model says where training diverges: reported apart from what it says of one step. */
export const trainingDivergence = claim({
  id: 'training-divergence',
  version: 1,
  paper: 'mccandlish',
  statement: 'Training diverges at rates beyond twice the best rate of one step, 2ε_opt(B)',
  source:
    'McCandlish et al. 2018, section 2.2: larger steps may increase the loss, so that training diverges',
  population:
    'perceptrons 196-64-10 on 4,096 examples of MNIST of 14 × 14 pixels, frozen after 200 steps of SGD with B = 32 and ε = 0.1; from there 200 steps with B = 8, 64 and 512 at ε of 0.25 to 32 times 2ε_opt(B)',
  unit: 'a frozen run with initial weights, draws and examples of its own',
  prediction:
    'the least ε at which the loss of all examples ends above where it began is 2ε_opt(B), to a factor of 2. One step at 2ε_opt gains nothing; of many steps the model says nothing but by extension, and curvature may follow the rate',
  refutedBy: 'divergence at rates below half or above twice 2ε_opt(B), at any B',
  power: {
    pilot:
      'seed 0: training ends above its start from 6.7 (B = 8) and 4.7 (B = 64) times 2ε_opt(B) on, so that the pilot contradicts the claim; margins are as they were set. The scatter is assumed',
    scatter: 0.2,
    distance: -0.86,
    units: 5,
  },
  lookedInto:
    'version 1, seeds 1000 to 1004: training bears 3.3 (B = 512), 6.3 (64) and 15 (8) times 2ε_opt(B). The cells show two causes. Without noise one step gains nothing from 2|G|²/GᵀHG = 0.7 to 1.2 on; at B = 512 training still ends lower at 2.1: on its way it meets 2 to 3 times less curvature than at the start. And noise puts 2ε_opt 14 times lower at B = 8 than at B = 512, the rate at which training diverges only 3 times: what noise costs is a level at which the loss settles, not a rise at each step. 2ε_opt(B) bounds that rate from below; it does not predict it',
  study: divergenceStudy,
  effects: ratios,
  controls: (found, protocol) => [
    {
      name: 'the prediction for the batch size at the other end',
      removes: '2ε_opt is not that of the run’s B',
      effects: ratios(found, protocol, { swapped: true }),
    },
  ],
  sensitivity: (found, protocol) => [
    { name: 'a loss twice as high counts', effects: ratios(found, protocol, { rise: 1 }) },
  ],
  plantedAs: { effect: 'divergence from 2ε_opt(B) on', null: 'divergence from twice that on' },
  plant: (truth, protocol, seed) =>
    divergenceStudy.cells(protocol).map((cell) => {
      const local = { gradNormSq: 1, gHg: 2, traceHessianCovariance: 200 };
      const breakEven = 1 / (1 + 100 / cell.branchBatch);
      const at =
        (truth === 'effect' ? 1 : RATIO[1]) * Math.exp(0.15 * normal(seed, 241, cell.unit, cell.branchBatch));
      const losses = cell.factors.map((factor) => (factor < at ? 0.5 : factor < 4 * at ? 3 : null));
      return { cell, evidence: { loss: 1, local, breakEven, losses } };
    }),
  panels: (found, protocol) => [lossesPanel(found, protocol)],
});

function lossesPanel(found: Found, { batchSizes }: DivergenceProtocol): Panel {
  return {
    title: 'Loss after training, over where it began',
    x: { label: 'ε over 2ε_opt(B)', log: true },
    y: { label: 'loss at the end over the first', log: true },
    marks: batchSizes.flatMap((B, colour) =>
      found
        .filter(({ cell }) => cell.branchBatch === B)
        .map(({ cell, evidence }) => ({
          mark: 'line' as const,
          name: `B = ${B}`,
          look: { colour, faint: true },
          points: cell.factors.map((factor, f) => {
            const loss = evidence.losses[f] ?? null;
            return { x: factor, y: loss === null ? null : loss / evidence.loss };
          }),
        })),
    ),
  };
}
