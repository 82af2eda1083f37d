import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { plantSwa } from './plantSwa.ts';
import { ofUnits, pointsOf, SWA_RECORD, type SwaUnits } from './swaEffects.ts';
import type { SwaEvidence } from './swaEvidence.ts';
import { type SwaCell, type SwaProtocol, swaStudy } from './swaStudy.ts';

/** Points of accuracy that the pass must be worth. */
const LOSS = 5;

function worth(found: SwaUnits, points: (evidence: SwaEvidence) => number): Measured[] {
  return [
    {
      name: 'With the pass − without, points',
      values: ofUnits(found, points),
      margin: [LOSS, null],
    },
  ];
}

export const skippingBatchNormPass = claim<SwaProtocol, SwaCell, SwaEvidence>({
  ...SWA_RECORD,
  id: 'skipping-batchnorm-pass',
  version: 1,
  study: swaStudy,
  statement:
    'Without a pass over the training data that makes BatchNorm’s statistics for them, averaged weights are of little use',
  source: 'Izmailov et al. 2018, section 3.2 (batch normalization)',
  prediction: `The average with statistics by a pass over the training data is right by ${LOSS} points or more than with those that it has if nothing makes them, mean 0 and variance 1 of every channel, as a network has them before its first batch: averages of parameters have seen no data. Less might be missed in practice. What the running statistics of the last weights do in their place is told beside: they are of other weights, but of near ones.`,
  refutedBy: 'An average that does as well without statistics of its own.',
  power: {
    pilot:
      'None at this size: distance and scatter are those of the planted case. Seed 0 in the size of the quick preset: with the running statistics of the last weights the average loses nothing',
    scatter: 2,
    distance: 10,
    units: 7,
  },
  effects: (found) => [
    ...worth(found, ({ averaged, skipped }) => pointsOf(averaged['constant 1']!) - pointsOf(skipped.initial)),
    {
      name: 'With the pass − running statistics, points',
      values: ofUnits(
        found,
        ({ averaged, skipped }) => pointsOf(averaged['constant 1']!) - pointsOf(skipped.running),
      ),
      margin: null,
    },
  ],
  controls: (found) => [
    {
      name: 'SGD’s last weights, with the pass and without',
      removes: 'nothing is averaged: training made running statistics of these very weights',
      effects: worth(found, ({ last, skipped }) => pointsOf(last['sgd 1']!) - pointsOf(skipped.last)),
    },
  ],
  plantedAs: { effect: 'a pass that is worth 15 points', null: 'one that is worth 0.2' },
  plant: (truth, protocol, seed) => plantSwa({ pass: truth === 'effect' ? 15 : 0.2 }, protocol, seed),
  panels: (found) => [
    {
      title: 'Test accuracy with the pass and without',
      x: { label: 'unit', range: [0.5, found.length + 0.5] },
      y: { label: 'test accuracy, %' },
      marks: (
        [
          ['average, with the pass', ({ averaged }: SwaEvidence) => averaged['constant 1']!],
          ['average, without', ({ skipped }: SwaEvidence) => skipped.initial],
          ['average, statistics of the last weights', ({ skipped }: SwaEvidence) => skipped.running],
          ['SGD, with the pass', ({ last }: SwaEvidence) => last['sgd 1']!],
          ['SGD, without', ({ skipped }: SwaEvidence) => skipped.last],
        ] as const
      ).map(([name, of]) => ({
        mark: 'dots' as const,
        name,
        points: found.map(({ evidence }, u) => ({ x: u + 1, y: pointsOf(of(evidence)) })),
      })),
    },
  ],
});
