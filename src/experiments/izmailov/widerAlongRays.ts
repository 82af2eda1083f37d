import { claim } from '../claim.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { plantSwa } from './plantSwa.ts';
import { ofUnits, SWA_RECORD, type SwaUnits, unitPoint } from './swaEffects.ts';
import type { Along, SwaEvidence } from './swaEvidence.ts';
import { type SwaCell, type SwaProtocol, swaStudy } from './swaStudy.ts';

/** By how much the loss must rise faster from SGD's end. */
const RATIO = 1.1;

const KINDS = { uniform: 'uniform rays', filter: 'filter-normalised rays' } as const;
type Kind = keyof typeof KINDS;

/** Rise of a loss along the rays up to their last point, or their middle one. */
function riseOf(points: readonly Along[], at: 1 | 2, loss: 'trainLoss' | 'testLoss'): number {
  return points[at]![loss] - points[0]![loss];
}

function effects(
  found: SwaUnits,
  average: 'constant 1' | 'still 1',
  at: 1 | 2 = 2,
  loss: 'trainLoss' | 'testLoss' = 'trainLoss',
): Measured[] {
  return (Object.keys(KINDS) as Kind[]).map((kind) => ({
    name: `Rise, SGD over SWA, ${KINDS[kind]}`,
    // A loss that falls along rays has no ratio: a unit without a value.
    values: ofUnits(found, ({ rays }) => {
      const of = rays[kind]!;
      return riseOf(of['sgd 1']!, at, loss) / riseOf(of[average]!, at, loss);
    }).map((ratio) => (ratio > 0 ? ratio : null)),
    margin: [RATIO, null],
    scale: 'log',
  }));
}

export const widerAlongRays = claim<SwaProtocol, SwaCell, SwaEvidence>({
  ...SWA_RECORD,
  id: 'wider-along-rays',
  version: 1,
  lookedInto:
    'version 1, seeds 1000 to 1006: the loss rises 1.32 and 1.28 times as steeply about SGD’s weights as about SWA’s, as claimed, at either distance and of the test loss; about an average of weights that hardly move it rises 1.56 and 1.54 times less steeply as well: they have the higher training loss, and a loss that is higher rises less. So the width is not the averaging’s. It would take solutions of equal training loss',
  study: swaStudy,
  statement:
    'The loss rises more slowly along random directions from the average of weights than from SGD’s end',
  source: 'Izmailov et al. 2018, section 3.4, figure 4; filter-normalised: Li et al. 2018',
  prediction: `L(w + td) − L(w) of the training loss, mean over directions d that are the same for both: from SGD’s end at least ${RATIO} times as large as from w_SWA, both for d uniform on the unit sphere at t = 5 and for d with each filter as long as the weights’ at t = 0.5. With BatchNorm weights have no scale of their own, and a shorter average is sharper along a unit vector by that alone: both views have to say it. Below ${RATIO} the two would be called alike. BatchNorm’s statistics are made anew at every point.`,
  refutedBy: 'A loss that rises as fast from the average, or faster, in either view.',
  power: {
    pilot:
      'Seed 0 in the size of the quick preset: 1.13 and 1.19 times as steep, too near to the margin for any small number of units; the control, which has a higher training loss, comes to 1.33, so that there the claim would be inconclusive. The scatter is assumed',
    scatter: 0.05,
    distance: 0,
    units: 7,
  },
  effects: (found) => effects(found, 'constant 1'),
  controls: (found) => [
    {
      name: 'an average of weights that hardly move',
      removes: 'ε falls to its least behind the trunk',
      effects: effects(found, 'still 1'),
    },
  ],
  sensitivity: (found) => [
    { name: 'half as far', effects: effects(found, 'constant 1', 1) },
    { name: 'test loss', effects: effects(found, 'constant 1', 2, 'testLoss') },
  ],
  plantedAs: {
    effect: 'a quadratic that is 1.4 times as steep about SGD’s end as about the average',
    null: 'one that is as steep about both',
  },
  plant: (truth, protocol, seed) => plantSwa({ width: truth === 'effect' ? 1.4 : 1 }, protocol, seed),
  panels: (found) => (Object.keys(KINDS) as Kind[]).map((kind) => risePanel(found, kind)),
});

function risePanel(found: SwaUnits, kind: Kind): Panel {
  const named = {
    'constant 1': 'average, constant ε',
    'sgd 1': 'SGD, ε decays',
    'still 1': 'average of weights that hardly move',
  };
  const places = found[0]!.evidence.rays[kind]!['sgd 1']!.map(({ t }) => t);
  return {
    title: `Training loss along ${KINDS[kind]}`,
    x: { label: kind === 'uniform' ? 't, a length' : 't, in lengths of each filter' },
    y: { label: 'rise of the loss' },
    marks: Object.entries(named).map(([solution, name]) => ({
      mark: 'line' as const,
      name,
      look: { marked: true },
      points: places.map((t, i) =>
        unitPoint(t, found, ({ rays }) => {
          const along = rays[kind]![solution]!;
          return along[i]!.trainLoss - along[0]!.trainLoss;
        }),
      ),
    })),
  };
}
