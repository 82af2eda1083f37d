import { claim } from '../claim.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { plantSwa } from './plantSwa.ts';
import { mean, ofUnits, pointsOf, SWA_RECORD, type SwaUnits } from './swaEffects.ts';
import type { Geometry, SwaEvidence } from './swaEvidence.ts';
import { type SwaCell, type SwaProtocol, swaStudy } from './swaStudy.ts';

/** Points of accuracy by which the average must be better than what it is made of. */
const GAIN = 1;
/** How much the captures' distances from their mean may vary, relative to these. */
const VARIATION = 0.2;
/** Of the cosine between consecutive deviations: beyond it a capture has less that is new than what it has of the one before. */
const COSINE = 0.5;

/** Standard deviation over mean. */
function variation(of: readonly number[]): number {
  const centre = mean(of);
  return Math.sqrt(mean(of.map((value) => (value - centre) ** 2))) / centre;
}

/** By how much consecutive deviations are more alike than independent ones, whose mean cosine is −1/(n − 1). */
function alikeness({ cosines, distances }: Geometry): number {
  return mean(cosines) + 1 / (distances.length - 1);
}

type Captured = 'constant' | 'cyclic' | 'still';

function effects(found: SwaUnits, arm: Captured): Measured[] {
  const gain = ({ averaged, captures }: SwaEvidence): number =>
    pointsOf(averaged[`${arm} 1`]!) - mean(captures[arm]!.map(pointsOf));
  return [
    {
      name: 'SWA − mean of captures, points',
      values: ofUnits(found, gain),
      margin: [GAIN, null],
    },
    {
      name: 'Variation of |w_i − w_SWA|',
      values: ofUnits(found, ({ geometry }) => variation(geometry[arm]!.distances)),
      margin: [null, VARIATION],
    },
    {
      name: 'cos(Δ_i, Δ_i₊₁) + 1/(n − 1)',
      values: ofUnits(found, ({ geometry }) => alikeness(geometry[arm]!)),
      margin: [-COSINE, COSINE],
    },
  ];
}

export const iteratesCircle = claim<SwaProtocol, SwaCell, SwaEvidence>({
  ...SWA_RECORD,
  id: 'iterates-circle',
  version: 1,
  lookedInto:
    'version 1, seeds 1000 to 1006: captures lie on a shell (their distances from the average vary by 0.19, below 0.2) and the average is 0.86 [0.72, 0.99] points better than they are, where 1 was set; but deviations of consecutive captures are alike, a cosine of 0.62 above that of independent ones. They drift rather than circle: at this ε a run still moves on in the 160 steps, 16 epochs, from one capture to the next. It would take captures that are further apart, or a larger ε, so that the run forgets between them',
  study: swaStudy,
  statement:
    'At a constant ε the weights of SGD circle about a point that they do not reach, and their average does: they lie on a sphere about it, each elsewhere, and are worse',
  source: 'Izmailov et al. 2018, sections 1 and 3.2, figure 1',
  prediction: `Deviations Δ_i = w_i − w_SWA of the captures have one length (its variation is at most ${VARIATION}: normal deviations in P ≫ 1 directions lie on a sphere) and are new each time (the cosine between consecutive ones, less the −1/(n − 1) that deviations from a mean of n have anyway, is within ±${COSINE}); and the average is right more often than the captures by ${GAIN} point or more.`,
  refutedBy:
    'Captures that are as good as their average, that drift along a line past it, or that stay on one side of it.',
  power: {
    pilot:
      'Seed 0, half as many steps: 2.0 points between the average and the last capture; in the size of the quick preset, whose trunk is short, the captures drift: cosine of consecutive deviations 0.75 above that of independent ones, beyond the margin. The scatter is assumed',
    scatter: 0.1,
    distance: -0.25,
    units: 7,
  },
  effects: (found) => effects(found, 'constant'),
  controls: (found) => [
    {
      name: 'weights that hardly move',
      removes: 'ε falls to its least behind the trunk: there is nothing that drives them about',
      effects: effects(found, 'still'),
    },
  ],
  sensitivity: (found) => [{ name: 'cyclic ε', effects: effects(found, 'cyclic') }],
  plantedAs: {
    effect: 'independent normal captures about the minimum of a quadratic in 32 dimensions',
    null: 'captures with a tenth of that scatter: their average is no better',
  },
  plant: (truth, protocol, seed) => plantSwa({ spread: truth === 'effect' ? 1 : 0.1 }, protocol, seed),
  panels: (found) => [captured(found), distances(found)],
});

/** Accuracies of captures and averages of all units, by unit. */
function captured(found: SwaUnits): Panel {
  const of = (name: string, values: (evidence: SwaEvidence) => readonly number[]) => ({
    mark: 'dots' as const,
    name,
    points: found.flatMap(({ evidence }, u) => values(evidence).map((y) => ({ x: u + 1, y }))),
  });
  return {
    title: 'Test accuracy of captures and of their average',
    x: { label: 'unit', range: [0.5, found.length + 0.5] },
    y: { label: 'test accuracy, %' },
    marks: [
      of('captures, constant ε', ({ captures }) => captures.constant!.map(pointsOf)),
      of('their average', ({ averaged }) => [pointsOf(averaged['constant 1']!)]),
      of('SGD, ε decays', ({ last }) => [pointsOf(last['sgd 1']!)]),
    ],
  };
}

/** Distances of the captures of each unit from their mean. */
function distances(found: SwaUnits): Panel {
  return {
    title: 'Distance of each capture from the average',
    x: { label: 'capture' },
    y: { label: '|w − w_SWA| over |w_SWA|' },
    marks: found.map(({ cell, evidence }) => ({
      mark: 'line' as const,
      name: `unit ${cell.unit}`,
      look: { faint: true },
      points: evidence.geometry.constant!.distances.map((y, i) => ({
        x: i + 1,
        y: y / evidence.geometry.constant!.norm,
      })),
    })),
  };
}
