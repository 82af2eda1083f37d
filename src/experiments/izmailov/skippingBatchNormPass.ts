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
      name: 'Accuracy with the pass over that without, points',
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
  prediction: `The average with statistics by a pass over the training data is right by ${LOSS} points or more than with the running ones that training left, which are of other weights. Less might be missed in practice.`,
  refutedBy: 'An average that does as well with the statistics of the last weights.',
  power: {
    pilot: 'No pilot of this effect at this size: distance and scatter are those of the planted case',
    scatter: 2,
    distance: 10,
    units: 7,
  },
  effects: (found) =>
    worth(found, ({ averaged, skipped }) => pointsOf(averaged['constant 1']!) - pointsOf(skipped.averaged)),
  controls: (found) => [
    {
      name: 'SGD’s last weights, with the pass and without',
      removes: 'nothing is averaged: the running statistics are of these weights',
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
          ['average, without', ({ skipped }: SwaEvidence) => skipped.averaged],
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
