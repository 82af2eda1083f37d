import { claim } from '../../claim.ts';
import type { Panel } from '../../figure.ts';
import type { Measured } from '../../verdict/measured.ts';
import { endExponent, middle } from './hyperbola.ts';
import { exactLaw, plantSweeps } from './plantSweeps.ts';
import { type Best, bestsOf, type Sweeps, unitsOf } from './readSweeps.ts';
import { batchSweep } from './study.ts';

const [LINEAR, SATURATED] = [
  [0.7, 1.3],
  [-0.3, 0.3],
] as const;

function effects(found: Sweeps, goal: number, of = (bests: readonly Best[]) => bests): Measured[] {
  const units = unitsOf(found).map((unit) => of(bestsOf(found, unit, 'classifier', goal)));
  return [
    {
      name: `exponent of the best ε over B, the smallest batches, goal ${goal}`,
      values: units.map((bests) => endExponent(bests, 'small', 'lr')),
      margin: LINEAR,
    },
    {
      name: `exponent of the best ε over B, the largest batches, goal ${goal}`,
      values: units.map((bests) => endExponent(bests, 'large', 'lr')),
      margin: SATURATED,
    },
  ];
}

/** Both ends of the sweep in each other's place. */
const swapped = (bests: readonly Best[]): Best[] => {
  const half = Math.floor(bests.length / 2);
  return bests.map(({ batchSize }, b) => ({ ...bests[(b + half) % bests.length]!, batchSize }));
};

/** Whether the tuned rate goes with B, and then no more. */
export const linearThenSaturated = claim({
  id: 'linear-then-saturated',
  version: 1,
  paper: 'mccandlish',
  statement:
    'The best constant ε of a run grows in proportion to B for small batches, and no more for large ones',
  source: 'McCandlish et al. 2018, eq. 2.6 and appendix E.1: ε_opt(B) = ε_max/(1 + B_noise/B)',
  population:
    'the classifiers of ‘hyperbola’: B = 2 to 1,024, ε a factor 2 apart, its best between the grid’s by a parabola',
  unit: 'initial weights, draws and examples of its own, the same for all B and ε',
  prediction:
    'an exponent of 1 over the three smallest batches, 0 over the three largest. With ε a factor 2 apart, ±0.3 is what tells proportion from the square root (0.5), the other rule in use',
  refutedBy: 'an exponent outside [0.7, 1.3] at the small end or outside ±0.3 at the large one',
  power: {
    pilot:
      'seed 0: exponents of 0.85 at B = 2 to 8 and of 0.05 at 256 to 1,024. The scatter is that of planted sweeps',
    scatter: 0.06,
    distance: 0.15,
    units: 5,
  },
  lookedInto:
    'version 1, seeds 1000 to 1004: the best ε is saturated among the largest batches, 0.09 [0.04, 0.15], and grows as it should among the smallest, 1.09 [0.79, 1.39], with a scatter of 0.24 over the runs where planted sweeps have 0.06: rates lie a factor of 2 apart, and the steps to a goal change little from one to the next. It would take twelve runs, or rates that are closer, at goals that tell them apart',
  study: batchSweep,
  effects: (found, { goals }) => effects(found, middle(goals)),
  controls: (found, { goals }) => [
    {
      name: 'the sweep’s halves swapped',
      removes: 'a run’s batch is not the one that it is taken for',
      effects: effects(found, middle(goals), swapped),
    },
  ],
  sensitivity: (found, { goals }) =>
    goals
      .filter((goal) => goal !== middle(goals))
      .map((goal) => ({ name: `goal loss ${goal}`, effects: effects(found, goal) })),
  plantedAs: { effect: 'ε_best = ε_max/(1 + B_crit/B)', null: 'ε_best ∝ √B below B_crit' },
  plant: (truth, protocol, seed) => {
    const exact = exactLaw(protocol);
    return plantSweeps(protocol, seed, {
      law: (task, batchSize) => {
        const { steps, rate } = exact(task, batchSize);
        return { steps, rate: truth === 'effect' ? rate : Math.sqrt(rate) };
      },
    });
  },
  panels: (found, { goals }) => [ratesPanel(found, goals)],
});

function ratesPanel(found: Sweeps, goals: readonly number[]): Panel {
  const units = unitsOf(found);
  return {
    title: 'Best ε of a run',
    x: { label: 'B', log: true },
    y: { label: 'ε', log: true },
    marks: goals.map((goal, colour) => ({
      mark: 'line' as const,
      name: `loss ${goal}`,
      look: { colour, marked: true },
      points: bestsOf(found, units[0]!, 'classifier', goal).map(({ batchSize }, b) => {
        const logs = units.flatMap((unit) => {
          const lr = bestsOf(found, unit, 'classifier', goal)[b]?.lr ?? null;
          return lr === null ? [] : [Math.log(lr)];
        });
        return {
          x: batchSize,
          y: logs.length ? Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length) : null,
        };
      }),
    })),
  };
}
