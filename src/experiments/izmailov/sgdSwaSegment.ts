import { claim } from '../claim.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { plantSwa } from './plantSwa.ts';
import { ofUnits, SWA_RECORD, type SwaUnits, unitPoint } from './swaEffects.ts';
import type { Along, SwaEvidence } from './swaEvidence.ts';
import { type SwaCell, type SwaProtocol, swaStudy } from './swaStudy.ts';

/** The middle of the segment: which end is nearer is what the claim is about. */
const MIDDLE = 0.5;

/**
 * Where on a line a loss is least, by the parabola through the least of the points and its two neighbours; at an end of what was looked at,
 * that end.
 */
export function leastAlong(points: readonly Along[], loss: 'trainLoss' | 'testLoss'): number {
  const values = points.map((point) => point[loss]);
  const at = values.indexOf(Math.min(...values));
  const [before, here, after] = [values[at - 1], values[at]!, values[at + 1]];
  const t = points[at]!.t;
  if (before === undefined || after === undefined) return t;
  const curvature = before - 2 * here + after;
  const spacing = points[at + 1]!.t - t;
  return curvature > 0 ? t + (spacing * (before - after)) / (2 * curvature) : t;
}

function effects(found: SwaUnits, arm: 'constant' | 'still'): Measured[] {
  const place = (loss: 'trainLoss' | 'testLoss') =>
    ofUnits(found, ({ segment }) => leastAlong(segment[arm]!, loss));
  return [
    {
      name: 't of the least training loss',
      values: place('trainLoss'),
      margin: [MIDDLE, null],
    },
    {
      name: 't of the least test loss',
      values: place('testLoss'),
      margin: [null, MIDDLE],
    },
  ];
}

export const sgdSwaSegment = claim<SwaProtocol, SwaCell, SwaEvidence>({
  ...SWA_RECORD,
  id: 'sgd-swa-segment',
  version: 1,
  lookedInto:
    'version 1, seeds 1000 to 1006: the training loss is least at SGD’s end of the line and the test loss at SWA’s or beyond, as claimed; the line from an average of weights that hardly move to SGD’s has the same picture, since they train less and overfit less (swa-higher-train-loss). It would take a control of equal training loss, or data on which SGD does not overfit',
  study: swaStudy,
  statement:
    'Along the line from the average of weights to SGD’s end the training loss is least nearer to SGD, and the test loss nearer to the average',
  source: 'Izmailov et al. 2018, section 3.4, figure 5',
  prediction: `On w(t) = (1 − t)w_SWA + t·w_SGD, t from −1 to 2, the training loss has its minimum at t > ${MIDDLE} and the test loss at t < ${MIDDLE}: the two losses are shifted against each other, and SGD ends at the edge of the wide region of the one. The middle of the segment is the only place without a choice. Statistics of BatchNorm are made anew at each point.`,
  refutedBy: 'Both losses least nearer to the same end.',
  power: {
    pilot:
      'Seed 0 in the size of the quick preset: the training loss is least at 0.8, the test loss at 0.0. The scatter is assumed; of the training loss',
    scatter: 0.1,
    distance: 0.3,
    units: 7,
  },
  effects: (found) => effects(found, 'constant'),
  controls: (found) => [
    {
      name: 'the line from an average of weights that hardly move',
      removes: 'ε falls to its least behind the trunk',
      effects: effects(found, 'still'),
    },
  ],
  plantedAs: {
    effect:
      'a quadratic whose test loss is least where the captures have their centre and whose training loss is least where SGD ends',
    null: 'one in which the captures’ centre and SGD’s end are one place',
  },
  plant: (truth, protocol, seed) => plantSwa({ centre: truth === 'effect' ? 1 : 0 }, protocol, seed),
  panels: (found) => [alongSegment(found, 'trainLoss'), alongSegment(found, 'testLoss')],
});

function alongSegment(found: SwaUnits, loss: 'trainLoss' | 'testLoss'): Panel {
  const places = found[0]!.evidence.segment.constant!.map(({ t }) => t);
  const curve = (arm: string) => (evidence: SwaEvidence, i: number) => evidence.segment[arm]![i]![loss];
  return {
    title: `${loss === 'trainLoss' ? 'Training' : 'Test'} loss along the line`,
    x: { label: 't: 0 average, 1 SGD' },
    y: { label: 'loss' },
    marks: [
      {
        mark: 'line',
        name: 'from the average, constant ε',
        points: places.map((t, i) => unitPoint(t, found, (evidence) => curve('constant')(evidence, i))),
      },
    ],
  };
}
