import { normalOf } from '../../random/normal.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Measured } from '../verdict/measured.ts';
import { meanOf } from './batchCurves.ts';
import {
  exactVariances,
  isotropicVariances,
  type SdeCell,
  type SdeEvidence,
  type SdeProtocol,
  type SdeSetting,
  sdeStudy,
} from './sdeStudy.ts';

type Found = readonly CellEvidence<SdeCell, SdeEvidence>[];
type Law = (setting: SdeSetting, protocol: SdeProtocol) => number[];

const temperatureOf = ({ lr, momentum, batchSize }: SdeSetting): number => lr / (batchSize * (1 - momentum));

function effectsOf(
  found: Found,
  protocol: SdeProtocol,
  law: Law,
  keep = (_: SdeSetting) => true,
): Measured[] {
  const cells = found.filter(({ cell }) => keep(cell));
  const units = Math.min(...found.map(({ evidence }) => evidence.units.length));
  const all = Array.from({ length: units }, (_, u) => u);
  // ln of found over expected: [cell][direction].
  const misses = all.map((u) =>
    cells.map(({ cell, evidence }) => {
      const expected = law(cell, protocol);
      return evidence.units[u]!.map((variance, k) => Math.log(variance / expected[k]!));
    }),
  );
  return [
    {
      name: 'variance over the law’s',
      values: misses.map((rows) => Math.exp(meanOf(rows.flat()))),
      margin: [0.98, 1.02],
      scale: 'log',
    },
    {
      name: 'flattest over steepest, over the law’s',
      values: misses.map((rows) => Math.exp(meanOf(rows.map((row) => row[0]! - row.at(-1)!)))),
      margin: [0.95, 1.05],
      scale: 'log',
    },
  ];
}

/** Slope of ln of the loss above its minimum over ln ε/(B(1 − m)), by unit. */
function slopeEffect(found: Found, protocol: SdeProtocol): Measured {
  const units = Math.min(...found.map(({ evidence }) => evidence.units.length));
  const x = found.map(({ cell }) => Math.log(temperatureOf(cell)));
  const middle = meanOf(x);
  return {
    name: 'slope of the floor over ε/(B(1 − m))',
    values: Array.from({ length: units }, (_, u) => {
      const y = found.map(({ evidence }) => Math.log(floorOf(evidence.units[u]!, protocol)));
      const along = x.reduce((sum, value, i) => sum + (value - middle) * y[i]!, 0);
      return along / x.reduce((sum, value) => sum + (value - middle) ** 2, 0);
    }),
    margin: [0.95, 1.05],
  };
}

/** E of ½ Σ hθ². */
function floorOf(variances: readonly number[], { curvatures }: SdeProtocol): number {
  return variances.reduce((sum, variance, k) => sum + (curvatures[k]! * variance) / 2, 0);
}

/** The stationary law of SGD as a stochastic differential equation (Smith & Le 2018, section 4). */
export const sdeVariance = claim<SdeProtocol, SdeCell, SdeEvidence>({
  id: 'sde-variance',
  version: 1,
  paper: 'smith-le',
  statement:
    'SGD at a constant rate shakes the weights about a minimum as its noise says: with a variance in proportion to ε/(B(1 − m)), alike in all directions where noise and curvature are in proportion',
  source: 'Smith & Le 2018, section 4, equations 9 to 14',
  population:
    'least squares over all sign patterns of six inputs, whose curvatures are from 1/8 to 1, by SGD with six settings of ε, B and m, examples drawn with replacement',
  unit: 'sixteen runs with weights at the start and draws of their own; the problem is one and exact',
  prediction:
    'the variance along each direction is that of the exact recursion, to which ε σ²/(2B) is the first term: within 2 %, which is the sampling error that one can pay for; the floor of the loss has ' +
    'slope 1 ± 0.05 over ln ε/(B(1 − m)). Noise of equal trace but alike in all directions would make the flattest direction eight times as wide as the steepest',
  refutedBy: 'a variance off by more than 2 %, or a floor that is not in proportion to ε/(B(1 − m))',
  power: {
    pilot: 'by the formula for the error of a variance of correlated steps, no pilot of its own',
    scatter: 0.006,
    distance: 0.02,
    units: 8,
  },
  study: sdeStudy,
  effects: (found, protocol) => [...effectsOf(found, protocol, exactVariances), slopeEffect(found, protocol)],
  controls: (found, protocol) => [
    {
      name: 'isotropic noise',
      removes: 'noise of the same trace is expected in all directions alike',
      effects: [...effectsOf(found, protocol, isotropicVariances), slopeEffect(found, protocol)],
    },
  ],
  sensitivity: (found, protocol) => [
    {
      name: 'without momentum',
      effects: effectsOf(found, protocol, exactVariances, ({ momentum }) => momentum === 0),
    },
    {
      name: 'with momentum alone',
      effects: effectsOf(found, protocol, exactVariances, ({ momentum }) => momentum > 0).slice(0, 1),
    },
  ],
  plantedAs: {
    effect: 'variances of the exact law with the scatter of as many correlated steps',
    null: 'the same, 2 % larger: the end of the margin',
  },
  plant: (truth, protocol, seed) =>
    sdeStudy.cells(protocol).map((cell, c) => ({
      cell,
      evidence: {
        units: Array.from({ length: cell.units }, (_, u) =>
          exactVariances(cell, protocol).map((variance, k) => {
            // Steps remember for 1/εh of them, at m for 1 − m times that.
            const memory = (1 - cell.momentum) / (cell.lr * protocol.curvatures[k]!);
            const error = Math.sqrt((2 * memory) / (0.9 * cell.steps * cell.orders));
            const z = normalOf(threefry2x32(seed, purpose.experimentPart, cell.unit + u, 64 * c + k));
            return variance * (truth === 'effect' ? 1 : 1.02) * Math.exp(error * z);
          }),
        ),
      },
    })),
  panels: (found, protocol) => [
    {
      title: 'Variance by direction',
      x: { label: 'curvature h', log: true },
      y: { label: 'variance over εσ²/(2B(1 − m))', log: true },
      marks: found.flatMap(({ cell, evidence }, colour) => {
        const unit = (temperatureOf(cell) * protocol.sigma ** 2) / 2;
        const name = `ε ${cell.lr}, B ${cell.batchSize}, m ${cell.momentum}`;
        return [
          {
            mark: 'dots' as const,
            name,
            look: { colour },
            points: protocol.curvatures.map((x, k) => ({
              x,
              y: meanOf(evidence.units.map((of) => of[k]!)) / unit,
            })),
          },
          {
            mark: 'line' as const,
            name: 'exact',
            look: { colour, faint: true },
            points: exactVariances(cell, protocol).map((variance, k) => ({
              x: protocol.curvatures[k]!,
              y: variance / unit,
            })),
          },
        ];
      }),
    },
    {
      title: 'Floor of the loss',
      x: { label: 'ε/(B(1 − m))', log: true },
      y: { label: 'mean loss above its minimum', log: true },
      marks: [
        {
          mark: 'dots',
          name: 'found',
          points: found.map(({ cell, evidence }) => ({
            x: temperatureOf(cell),
            y: meanOf(evidence.units.map((of) => floorOf(of, protocol))),
          })),
        },
      ],
    },
  ],
});
