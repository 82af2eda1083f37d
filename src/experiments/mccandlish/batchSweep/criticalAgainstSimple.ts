import { claim } from '../../claim.ts';
import type { Table } from '../../figure.ts';
import type { Measured } from '../../verdict/measured.ts';
import { frontier, lawsTable, middle } from './hyperbola.ts';
import { exactLaw, plantSweeps } from './plantSweeps.ts';
import { bestsOf, lawOf, meanAlong, type Sweeps, unitsOf, untunedOf } from './readSweeps.ts';
import { batchSweep, type Task } from './study.ts';

/** The paper's classifiers lie between 2 and 8; an order of magnitude up and half of one down. */
const RATIO = [0.2, 10] as const;

interface Compared {
  readonly task: Task;
  readonly goal: number;
  readonly of?: 'bSimple' | 'bNoise';
}

/** A noise scale averaged over the run of the largest batch, over B_crit of the fit; unit by unit. */
export function overCritical(found: Sweeps, { task, goal, of = 'bSimple' }: Compared): (number | null)[] {
  return unitsOf(found).map((unit) => {
    const law = lawOf(bestsOf(found, unit, task, goal));
    const noise = meanAlong(found, unit, task, goal, of);
    return law && noise ? noise / law.criticalBatch : null;
  });
}

const simple = (found: Sweeps, goal: number): Measured => ({
  name: `B_simple over B_crit, goal ${goal}`,
  values: overCritical(found, { task: 'classifier', goal }),
  margin: RATIO,
  scale: 'log',
});

/** The same against the bend of runs whose ε is not tuned. */
const untuned = (found: Sweeps, goal: number): Measured => ({
  ...simple(found, goal),
  values: unitsOf(found).map((unit) => {
    const law = lawOf(untunedOf(found, unit, goal));
    const noise = meanAlong(found, unit, 'classifier', goal, 'bSimple');
    return law && noise ? noise / law.criticalBatch : null;
  }),
});

/** Whether the noise scale of gradients says how large a batch is of use. */
export const criticalAgainstSimple = claim({
  id: 'critical-against-simple',
  version: 1,
  paper: 'mccandlish',
  statement:
    'Averaged over a run, the noise scale B_simple is the critical batch size to an order of magnitude',
  source: 'McCandlish et al. 2018, table 1 and figure 4',
  population:
    'the classifiers of ‘hyperbola’; B_simple of 2,048 of their examples, debiased, averaged over the run of B = 1,024 at its best ε',
  unit: 'initial weights, draws and examples of its own, the same for all B and ε',
  prediction:
    'B_simple/B_crit of 2 to 8 as in the paper’s classifiers (table 1: 4.5 for MNIST); on quadratics it is known to a factor of several alone, so that 0.2 to 10 is an order of magnitude up and half of one down',
  refutedBy: 'a ratio outside [0.2, 10]',
  power: {
    pilot:
      'seed 0: B_crit = 39, B_simple 2.45 and B_noise 1.86 times that; 4.0 and 2.2 for B_simple at the goals 0.35 and 0.6. The scatter is that of planted sweeps',
    scatter: 0.2,
    distance: 1.4,
    units: 5,
  },
  study: batchSweep,
  effects: (found, { goals }) => [
    simple(found, middle(goals)),
    {
      name: `B_noise over B_crit, goal ${middle(goals)}`,
      values: overCritical(found, { task: 'classifier', goal: middle(goals), of: 'bNoise' }),
      margin: null,
      scale: 'log',
    },
  ],
  controls: (found, { goals }) => [
    {
      name: 'B_crit of runs at one ε for all B',
      removes: 'ε is not tuned at each B, so that the bend of S(B) is not that of the noise',
      effects: [untuned(found, middle(goals))],
    },
  ],
  sensitivity: (found, { goals }) =>
    goals
      .filter((goal) => goal !== middle(goals))
      .map((goal) => ({ name: `goal loss ${goal}`, effects: [simple(found, goal)] })),
  plantedAs: { effect: 'a noise scale 4 times B_crit', null: 'one that is 10 times B_crit' },
  plant: (truth, protocol, seed) =>
    plantSweeps(protocol, seed, {
      law: exactLaw(protocol),
      simple: () => (truth === 'effect' ? 4 : RATIO[1]),
    }),
  panels: (found, { goals }) => [frontier(found, 'classifier', goals)],
  tables: (found, { goals }) => [
    scalesTable(found, 'classifier', goals),
    lawsTable(found, 'classifier', goals),
  ],
});

/** B_crit beside the noise scales, by unit and goal. */
export function scalesTable(found: Sweeps, task: Task, goals: readonly number[]): Table {
  return {
    title: `Critical batch and noise scales, ${task}`,
    columns: ['unit', 'goal', 'B_crit', 'B_simple', 'B_noise'],
    rows: unitsOf(found).flatMap((unit) =>
      goals.map((goal) => [
        `${unit}`,
        goal,
        lawOf(bestsOf(found, unit, task, goal))?.criticalBatch ?? null,
        meanAlong(found, unit, task, goal, 'bSimple'),
        meanAlong(found, unit, task, goal, 'bNoise'),
      ]),
    ),
  };
}
