import { normal } from '../../random/normal.ts';
import type { Truth } from '../experiment.ts';
import type { LineLoss, MeasuredSolution, PairsFound, PairsProtocol } from './pairsStudy.ts';
import { pairsStudy } from './pairsStudy.ts';

/** What a large batch does to a planted minimum, as large as the pilot found it; and how units scatter. */
export const PLANTED_PAIR = {
  /** Of every curvature, over the small batch's. */
  sharper: 2.4,
  /** Of the distance from the start, the small batch's over the large one's. */
  nearer: 1.25,
  /** Points of accuracy. */
  worse: 0.9,
  /** Standard deviations over the solutions of a unit: of ln λ, of ln distance, of the accuracy in points. */
  scatter: { sharpness: 0.15, distance: 0.03, accuracy: 0.35 },
} as const;

/** Coordinates of a planted minimum, whose curvatures fall as 1/i. */
const COORDINATES = 40;

/** Of the test curve against the training curve, towards the other minimum, in α. */
const SHIFT = -0.25;

/**
 * Minima of known curvature for all cells: quadratics with curvatures λ/i, of which λ_max, φ in a box (the best corner of it) and its first
 * order follow in closed form; on the line between two of them a quartic with the curvature of each at its end; accuracies of as many
 * answers as were asked. `effect`: the large batch's is as much sharper, nearer and worse as in the pilot. `null`: it is like the small one's.
 */
export function plantPairs(truth: Truth, protocol: PairsProtocol, seed: number): PairsFound {
  const { sharper, nearer, worse } = PLANTED_PAIR;
  return truth === 'effect'
    ? minima(protocol, seed, { sharper, nearer, worse: () => worse })
    : minima(protocol, seed, { sharper: 1, nearer: 1, worse: () => 0 });
}

/** The same for a claim of batches at their best ε. `effect`: the large batch is worse at the ε that both share alone. `null`: at every ε. */
export function plantTunedPairs(truth: Truth, protocol: PairsProtocol, seed: number): PairsFound {
  const { sharper, nearer, worse } = PLANTED_PAIR;
  const at = (lr: number): number => (truth === 'effect' && lr !== protocol.lr ? 0 : worse);
  return minima(protocol, seed, { sharper, nearer, worse: at });
}

/** What a large batch does; in points of accuracy by its ε. */
interface LargeBatch {
  readonly sharper: number;
  readonly nearer: number;
  readonly worse: (lr: number) => number;
}

function minima(protocol: PairsProtocol, seed: number, is: LargeBatch): PairsFound {
  const { lr, smallRates, largeRates, goals, epsilons, points } = protocol;
  const { scatter } = PLANTED_PAIR;
  return pairsStudy.cells(protocol).map((cell, u) => {
    let drawn = 0;
    const draw = (): number => normal(seed, 1, u, drawn++);
    const ofUnit = { sharpness: Math.exp(0.3 * draw()), accuracy: 0.78 + 0.01 * draw() };
    const minimum = (large: boolean, rate: number, goal: number): MeasuredSolution => {
      const lambda = 10 * ofUnit.sharpness * (large ? is.sharper : 1) * Math.exp(scatter.sharpness * draw());
      const distance = (8 / (large ? is.nearer : 1)) * Math.exp(scatter.distance * draw());
      const answers = 8000;
      const accuracy = (): number => {
        const exact = ofUnit.accuracy + (scatter.accuracy * draw() - (large ? is.worse(rate) : 0)) / 100;
        // Two networks of a unit differ in a sixteenth of their answers, not in all that they have wrong.
        return exact + Math.sqrt(1 / 16 / answers) * draw();
      };
      const slope = 1e-3;
      return {
        step: 1000,
        loss: 0.9 * goal,
        validationAccuracy: accuracy(),
        testAccuracy: accuracy(),
        testLoss: 1.5,
        distance,
        sharpness: {
          lambdaMax: lambda,
          residual: 1e-4,
          boxes: epsilons.map((epsilon) => {
            const radius = epsilon * (1 + distance / Math.sqrt(COORDINATES));
            let first = 0;
            let second = 0;
            for (let i = 1; i <= COORDINATES; i++) {
              first += slope * radius;
              second += ((lambda / i) * radius ** 2) / 2;
            }
            const percent = 100 / (1 + 0.9 * goal);
            return { epsilon, phi: percent * (first + second), phiFirstOrder: percent * first };
          }),
        },
      };
    };
    const arm = (batch: 'small' | 'large', rate: number, order: number) => ({
      batch,
      lr: rate,
      order,
      solutions: goals.map((goal) => minimum(batch === 'large', rate, goal)),
    });
    const arms = [
      ...smallRates.map((rate) => arm('small', rate, 0)),
      arm('small', lr, 1),
      ...largeRates.map((rate) => arm('large', rate, 0)),
    ];
    const solution = (batch: 'small' | 'large', order: number): MeasuredSolution =>
      arms.find((each) => each.batch === batch && each.lr === lr && each.order === order)!.solutions[0]!;
    const lineTo = (second: MeasuredSolution): LineLoss[] => {
      const [h0, h1] = [solution('small', 0).sharpness.lambdaMax, second.sharpness.lambdaMax];
      return Array.from({ length: points }, (_, i) => {
        const alpha = -1 + (3 * i) / (points - 1);
        const loss = goals[0]! + plantedRise(alpha, h0, h1);
        const testLoss = goals[0]! + 1 + plantedRise(alpha - SHIFT * Math.sign(alpha - 0.5), h0, h1);
        return { alpha, loss, accuracy: 0.98, testLoss, testAccuracy: 0.77 };
      });
    };
    const pair = lineTo(solution('large', 0));
    return { cell, evidence: { arms, lines: { pair, curved: pair, twins: lineTo(solution('small', 1)) } } };
  });
}

/**
 * A rise with minima of 0 at α = 0 and 1 and curvatures h₀ and h₁ there: ½w², w = α(1 − α) times a factor that goes from √h₀ to √h₁.
 * Beyond the ends the factor stays as it is there.
 */
function plantedRise(alpha: number, h0: number, h1: number): number {
  const t = Math.min(1, Math.max(0, alpha));
  const factor = (1 - t) * Math.sqrt(h0) + t * Math.sqrt(h1);
  return (factor * alpha * (1 - alpha)) ** 2 / 2;
}
