import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Panel, Table } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import {
  type ContinuedCell,
  type ContinuedEvidence,
  type ContinuedProtocol,
  type ContinuedSolution,
  continuedStudy,
} from './continuedStudy.ts';
import { CONTINUED_POPULATION, CONTINUED_UNIT } from './describeContinued.ts';
import { PLANTED_CONTINUED, plantContinued } from './plantContinued.ts';

type Found = readonly CellEvidence<ContinuedCell, ContinuedEvidence>[];

/** The inverse of the smallest ratio by which a large batch's minimum is called sharper. */
const MOST_RATIO = 1 / 1.3;

/** λ_max of a continued solution over that of the large batch's solution. */
function fall(found: Found, of: 'bySmall' | 'byLarge' | 'byLargeUpdates'): (number | null)[] {
  return found.map(({ evidence }) => {
    const [before, after] = [evidence.large, evidence[of]];
    return before && after ? after.lambdaMax / before.lambdaMax : null;
  });
}

function fallEffect(found: Found, of: 'bySmall' | 'byLarge' | 'byLargeUpdates', by: string): Measured {
  return {
    name: `λ_max after over before, ${by}`,
    values: fall(found, of),
    margin: [null, MOST_RATIO],
    scale: 'log',
  };
}

export const escapeByNoise = claim<ContinuedProtocol, ContinuedCell, ContinuedEvidence>({
  id: 'escape',
  version: 1,
  paper: 'keskar',
  statement: 'The noise of a small batch drives out of a large batch’s sharp minimum, into a flatter one',
  source: 'Keskar et al. 2017, on the success of small batches',
  population: CONTINUED_POPULATION,
  unit: CONTINUED_UNIT,
  prediction:
    'λ_max of the large batch’s solution falls to 1/1.3 of itself or less where the small batch goes on from it to a lower training loss, and not where the large batch goes on to the same loss. 1.3 is the ratio from which large-batch-sharper calls a minimum sharper',
  refutedBy: 'a λ_max that stays above 1/1.3 of itself under the small batch',
  power: {
    pilot: 'seeds 0 and 1: 0.32 and 0.61 under the small batch, 0.84 and 1.03 under the large one',
    scatter: 0.44,
    distance: 0.55,
    units: 8,
  },
  study: continuedStudy,
  effects: (found) => [
    fallEffect(found, 'bySmall', 'by the small batch'),
    {
      ...fallEffect(found, 'byLargeUpdates', 'by the large batch for as many updates, to another loss'),
      margin: null,
    },
  ],
  controls: (found) => [
    {
      name: 'continued by the large batch',
      removes: 'the batch stays large, the training loss to which it goes is the same',
      effects: [fallEffect(found, 'byLarge', 'by the large batch')],
    },
  ],
  plantedAs: {
    effect: `minima whose curvature falls ${PLANTED_CONTINUED.sharper} times under the small batch`,
    null: 'minima whose curvature stays',
  },
  plant: plantContinued,
  panels: (found) => [fallPanel(found)],
  tables: (found) => [escapeTable(found)],
});

function fallPanel(found: Found): Panel {
  const curve = (of: 'bySmall' | 'byLarge'): Panel['marks'] =>
    found.flatMap(({ evidence }) => {
      const ends = [evidence.large, evidence[of]];
      if (ends.includes(null)) return [];
      return [
        {
          mark: 'line' as const,
          name: of === 'bySmall' ? 'by the small batch' : 'by the large batch',
          points: ends.map((end, i) => ({ x: i, y: end!.lambdaMax })),
          look: { faint: true, marked: true, colour: of === 'bySmall' ? 0 : 1 },
        },
      ];
    });
  return {
    title: 'λ_max by unit, before and after',
    x: { label: '0: before, 1: after', range: [-0.1, 1.1] },
    y: { label: 'λ_max', log: true },
    marks: [...curve('bySmall'), ...curve('byLarge')],
  };
}

function escapeTable(found: Found): Table {
  const row = (unit: number, name: string, at: ContinuedSolution | null) => [
    unit,
    name,
    at?.step ?? null,
    at?.loss ?? null,
    at?.lambdaMax ?? null,
    at ? 100 * at.testAccuracy : null,
  ];
  return {
    title: 'Where each unit went',
    columns: ['unit', 'run', 'updates', 'training loss', 'λ_max', 'test, % right'],
    rows: found.flatMap(({ cell: { unit }, evidence }) => [
      row(unit, 'large batch', evidence.large),
      row(unit, 'continued by the small batch', evidence.bySmall),
      row(unit, 'continued by the large batch', evidence.byLarge),
      row(unit, 'continued by the large batch, as many updates', evidence.byLargeUpdates),
    ]),
  };
}
