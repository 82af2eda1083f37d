import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import {
  type ContinuedCell,
  type ContinuedEvidence,
  type ContinuedProtocol,
  continuedStudy,
} from './continuedStudy.ts';
import { CONTINUED_POPULATION, CONTINUED_UNIT } from './describeContinued.ts';
import { PLANTED_CONTINUED, plantContinued } from './plantContinued.ts';

type Found = readonly CellEvidence<ContinuedCell, ContinuedEvidence>[];

const MOST_RATIO = 1 / 1.3;

/** (epochs, ln λ_max) of a unit's large-batch solutions, from its start and after warm starts; null where one is missing. */
function byEpochs(
  { large, warm }: ContinuedEvidence,
  by: 'small' | 'large',
): { readonly x: number; readonly y: number }[] | null {
  const points = [{ epochs: 0, solution: large }, ...warm.filter((each) => each.by === by)];
  if (points.some(({ solution }) => solution === null)) return null;
  return points.map(({ epochs, solution }) => ({
    x: Math.log2(1 + epochs),
    y: Math.log(solution!.lambdaMax),
  }));
}

function warmEffects(found: Found, by: 'small' | 'large'): Measured[] {
  const each = found.map(({ evidence }) => byEpochs(evidence, by));
  return [
    {
      name: `λ_max, most epochs of the ${by} batch over none`,
      values: each.map((points) => points && Math.exp(points.at(-1)!.y - points[0]!.y)),
      margin: [null, MOST_RATIO],
      scale: 'log',
    },
    {
      name: `slope of ln λ_max on log₂(1 + ${by} epochs)`,
      values: each.map((points) => points && slopeOf(points)),
      margin: [null, 0],
    },
  ];
}

/** Of the least-squares line. */
function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  return mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
}

export const warmStart = claim<ContinuedProtocol, ContinuedCell, ContinuedEvidence>({
  id: 'warm-start',
  version: 1,
  paper: 'keskar',
  statement:
    'The longer a small batch goes first, the flatter is the minimum in which a large batch then ends',
  source: 'Keskar et al. 2017, figure 5',
  population: CONTINUED_POPULATION,
  unit: CONTINUED_UNIT,
  prediction:
    'λ_max at the large batch’s end, at one training loss, falls with the small batch’s epochs before it: to 1/1.3 or less after the most of them, and with a slope of ln λ_max against log₂(1 + epochs) below 0. 1.3 is the ratio from which large-batch-sharper calls a minimum sharper',
  refutedBy: 'a λ_max that does not fall with the epochs of the small batch',
  power: {
    pilot: 'seeds 0 and 1: 0.40 and 0.52; 0.91 and 1.21 with epochs of the large batch',
    scatter: 0.19,
    distance: 0.52,
    units: 8,
  },
  study: continuedStudy,
  effects: (found) => warmEffects(found, 'small'),
  controls: (found) => [
    {
      name: 'epochs of the large batch in their place',
      removes: 'what goes first is the large batch too, for as many epochs, and Adam begins anew as well',
      effects: warmEffects(found, 'large'),
    },
  ],
  sensitivity: (found) => [
    {
      name: 'the longest warm start against the shortest',
      effects: [
        {
          name: 'λ_max, most epochs over the least',
          values: found.map(({ evidence }) => {
            const points = byEpochs(evidence, 'small');
            return points && Math.exp(points.at(-1)!.y - points[1]!.y);
          }),
          margin: [null, 1],
          scale: 'log',
        },
      ],
    },
  ],
  plantedAs: {
    effect: `minima whose curvature falls with the epochs, ${PLANTED_CONTINUED.sharper} times in all`,
    null: 'minima of like curvature whatever the epochs',
  },
  plant: plantContinued,
  panels: (found, protocol) => [warmPanel(found, protocol)],
});

function warmPanel(found: Found, { goal }: ContinuedProtocol): Panel {
  return {
    title: `λ_max at a training loss of ${goal}, by unit`,
    x: { label: 'epochs before, plus 1', log: true },
    y: { label: 'λ_max', log: true },
    marks: (['small', 'large'] as const).flatMap((by, colour) =>
      found.flatMap(({ evidence }) => {
        const points = byEpochs(evidence, by);
        if (!points) return [];
        return [
          {
            mark: 'line' as const,
            name: `epochs of the ${by} batch`,
            points: points.map(({ x, y }) => ({ x: 2 ** x, y: Math.exp(y) })),
            look: { colour, faint: true, marked: true, dashed: by === 'large' },
          },
        ];
      }),
    ),
  };
}
