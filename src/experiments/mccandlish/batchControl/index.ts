import { z } from 'zod';
import type { Effect } from '../../../measure/statistics/interval.ts';
import { normal } from '../../../random/normal.ts';
import type { CellEvidence, Check, Experiment, Outcome, Statistic, UnitValues } from '../../experiment.ts';
import type { Figure, Table } from '../../figure.ts';
import { requireAtLeast } from '../../protocol.ts';
import { relay } from '../../relay.ts';
import { perceptronTrunk } from '../../sgdTrunk.ts';
import { largestP, tailOfInterval } from '../../verdict/tailOfInterval.ts';
import {
  type Arm,
  type ArmCosts,
  type ArmRun,
  type BatchControlOutcome,
  judgeBatchControl,
} from './judgeBatchControl.ts';
import {
  BATCH_CONTROL,
  BATCH_CONTROL_MARGIN,
  BATCH_CONTROL_PARTS,
  type BatchControlProtocol,
} from './protocol.ts';
import { BATCH_CONTROL_RECORD } from './record.ts';
import { type GoalRuns, runToGoal } from './runToGoal.ts';

/** Fixed batches of one size at every ε; or, at one ε, the controlled runs, with those that follow their schedules. */
export type BatchControlCell = BatchControlProtocol &
  ({ readonly fixed: number } | { readonly controlledAt: number });

const batches = z.array(z.strictObject({ fromStep: z.int().nonnegative(), batchSize: z.int().positive() }));
const run = z.strictObject({
  arm: z.enum(['fixed', 'controlled', 'yoked', 'reversed']),
  factor: z.number(),
  seed: z.int(),
  steps: z.number().nullable(),
  examples: z.number().nullable(),
  batches,
});
const evidence: z.ZodType<BatchControlEvidence> = z.strictObject({ runs: z.array(run) });
export interface BatchControlEvidence {
  readonly runs: readonly ArmRun[];
}

/** Whether a batch size that follows the noise scale costs less than a fixed one: see `BatchControlProtocol`. */
export const batchControl: Experiment<
  BatchControlProtocol,
  BatchControlCell,
  BatchControlEvidence,
  BatchControlOutcome
> = {
  id: 'batch-control',
  version: 2,
  statement:
    'A batch size that follows √(r·B_simple) reaches a loss at a lower cost, steps + examples/r, than the best fixed one and than the schedule of another run',
  source: 'McCandlish et al. 2018, section 2.4 and appendix D; Smith et al. 2018',
  record: BATCH_CONTROL_RECORD,
  presets: BATCH_CONTROL,
  parts: BATCH_CONTROL_PARTS,
  series: {},
  evidence,

  cells(protocol) {
    const { batchSizes, factors, seeds } = protocol;
    requireAtLeast(batchControl, 2, { batchSizes, factors, seeds });
    return [
      ...batchSizes.map((fixed) => ({ ...protocol, fixed })),
      ...factors.map((controlledAt) => ({ ...protocol, controlledAt })),
    ];
  },

  async *run(gpu, cell, host) {
    const { batchSize, largest, factors, lr, examples, seeds: count, seed } = cell;
    yield { type: 'phase', phase: 'reading data' };
    const trunk = await perceptronTrunk(cell.data, cell.hidden, host);
    const seeds = Array.from({ length: count }, (_, i) => seed + i);
    const rateAt = (factor: number, B: number): number => factor * lr * Math.sqrt(B / batchSize);
    const constant = (factor: number, B: number, least = B): Float32Array =>
      new Float32Array(Math.ceil(examples / least)).fill(rateAt(factor, B));
    const toGoal = (runs: GoalRuns) =>
      relay(runToGoal(gpu, trunk, cell, runs), function* (done) {
        yield { type: 'progress' as const, done, total: runs.rates[0]!.length, unit: 'steps' as const };
      });

    if ('fixed' in cell) {
      const { fixed } = cell;
      yield { type: 'phase', phase: `B = ${fixed}` };
      const each = factors.flatMap((factor) => seeds.map((one) => ({ factor, seed: one })));
      const { reached, batches } = yield* toGoal({
        seeds: each.map((one) => one.seed),
        rates: each.map(({ factor }) => constant(factor, fixed)),
        batches: [{ fromStep: 0, batchSize: fixed }],
      });
      return { runs: each.map((one, i): ArmRun => ({ arm: 'fixed', ...one, ...reached[i]!, batches })) };
    }

    const factor = cell.controlledAt;
    const { examplesPerStep, checkEvery, confirm } = cell;
    const sizes = [batchSize];
    while (2 * sizes.at(-1)! <= largest) sizes.push(2 * sizes.at(-1)!);
    const control = { examplesPerStep, checkEvery, confirm, lrLaw: 'sqrt' as const, sizes };
    const runs: ArmRun[] = [];
    const schedules: GoalRuns['batches'][] = [];
    for (const one of seeds) {
      yield { type: 'phase', phase: `controlled at ε·${factor}, seed ${one}` };
      const start = [{ fromStep: 0, batchSize }];
      const rates = [constant(factor, batchSize)];
      const { reached, batches } = yield* toGoal({ seeds: [one], rates, batches: start, control });
      runs.push({ arm: 'controlled', factor, seed: one, ...reached[0]!, batches: [...batches] });
      schedules.push(batches);
    }
    for (const [i, one] of seeds.entries()) {
      const { steps } = runs[i]!;
      const planned = [
        ['yoked', schedules[(i + 1) % seeds.length]!],
        ['reversed', reversed(schedules[i]!, Math.ceil(steps ?? examples / batchSize))],
      ] as const;
      for (const [arm, table] of planned) {
        yield { type: 'phase', phase: `${arm} at ε·${factor}, seed ${one}` };
        const rates = constant(factor, batchSize, Math.min(...table.map((entry) => entry.batchSize)));
        table.forEach(({ fromStep, batchSize: B }) => {
          rates.fill(rateAt(factor, B), fromStep);
        });
        const { reached } = yield* toGoal({ seeds: [one], rates: [rates], batches: table });
        runs.push({ arm, factor, seed: one, ...reached[0]!, batches: [...table] });
      }
    }
    return { runs };
  },

  cost: (cell) => ({
    // Runs of a fixed batch go side by side; an example costs more than a step from B = 64 on.
    seconds:
      'fixed' in cell
        ? 0.035 * cell.seeds * cell.factors.length * (60 + 400 / cell.fixed + cell.fixed / 4)
        : 6 * cell.seeds,
    bytes: 4 * 800 * 70_000,
  }),
  plant: (truth, protocol, seed) => plantRuns(protocol, seed, truth === 'effect' ? 0.8 : 1),
  verdictOf: (found, protocol) =>
    judgeBatchControl(runsOf(found), protocol.examplesPerStep, BATCH_CONTROL_MARGIN).verdict,

  judge(found, protocol): Outcome<BatchControlOutcome> {
    const runs = runsOf(found);
    const detail = judgeBatchControl(runs, protocol.examplesPerStep, BATCH_CONTROL_MARGIN);
    const { overFixed, overYoked, overReversed, verdict, reason } = detail;
    const units = protocol.seeds;
    // Reproduced where the cost is lower at all; the margin is where it is no longer called the same.
    const told = (name: string, effect: Effect): Statistic => {
      const p = tailOfInterval(effect, [null, 1], units - 1, 'log');
      return { name, ...effect, margin: [null, BATCH_CONTROL_MARGIN], units, ...(p === null ? {} : { p }) };
    };
    const over = (name: string, costs: readonly number[]): UnitValues => ({
      name,
      values: detail.controlled.costs.map((cost, i) => finite(cost / costs[i]!)),
      scale: 'log',
      pooled: name,
    });
    const gating = [
      told('cost over the best fixed batch’s', overFixed),
      told('cost over a yoked run’s', overYoked),
    ];
    return {
      statistics: [
        ...gating,
        { name: 'cost over that of the stages reversed', ...overReversed, margin: null, units },
      ],
      effects: [
        over('cost over the best fixed batch’s', detail.best.costs),
        over('cost over a yoked run’s', armOf(detail, 'yoked').costs),
        over('cost over that of the stages reversed', armOf(detail, 'reversed').costs),
      ],
      p: largestP(gating),
      controls: [withoutCause(runs, protocol)],
      planted: [
        planted('a control that costs a fifth less than all', 0.8, 'reproduced'),
        planted('a control that costs as much', 1, 'not reproduced'),
      ],
      verdict,
      reason,
      detail,
    };
  },

  figure: batchControlFigure,
  tables: armTables,
};

function armOf({ arms }: BatchControlOutcome, arm: Arm): ArmCosts {
  return arms.find((each) => each.arm === arm)!;
}

/** The stages of a schedule in the opposite order, each as long as it was. */
export function reversed(table: GoalRuns['batches'], steps: number): GoalRuns['batches'] {
  const stages = table.map(({ fromStep, batchSize }, i) => ({
    batchSize,
    length: (table[i + 1]?.fromStep ?? steps) - fromStep,
  }));
  let from = 0;
  return stages.reverse().map(({ batchSize, length }) => {
    const entry = { fromStep: from, batchSize };
    from += length;
    return entry;
  });
}

function runsOf(found: readonly CellEvidence<BatchControlCell, BatchControlEvidence>[]): ArmRun[] {
  return found.flatMap(({ evidence: { runs } }) => runs);
}

/** The runs whose stages go backwards, judged as if they were the controlled ones: their batch does not follow the noise. */
function withoutCause(runs: readonly ArmRun[], { examplesPerStep }: BatchControlProtocol): Check {
  const backwards = runs
    .filter(({ arm }) => arm !== 'controlled')
    .flatMap((run): ArmRun[] => (run.arm === 'reversed' ? [run, { ...run, arm: 'controlled' }] : [run]));
  const { verdict, reason } = judgeBatchControl(backwards, examplesPerStep, BATCH_CONTROL_MARGIN);
  return {
    name: 'the same stages in the opposite order, in the place of the controlled run',
    expected: 'not reproduced',
    found: `${verdict}: ${reason}`,
    holds: verdict !== 'reproduced',
  };
}

/** Of the logarithm of a planted run's cost, by seed and arm. */
const PLANTED_SCATTER = 0.11;

/** Runs in which all arms cost alike but for the control, which takes a share of the steps; best in the middle of each grid. */
function plantRuns(
  protocol: BatchControlProtocol,
  seed: number,
  share: number,
): readonly CellEvidence<BatchControlCell, BatchControlEvidence>[] {
  const { batchSizes, factors, seeds: count, seed: first } = protocol;
  const off = (list: readonly number[], value: number): number =>
    Math.abs(list.indexOf(value) - Math.floor(list.length / 2));
  const run = (arm: ArmRun['arm'], factor: number, of: number, batchSize: number): ArmRun => {
    const stream = ['fixed', 'controlled', 'yoked', 'reversed'].indexOf(arm);
    const noise = normal(seed, 271 + stream, of, 1000 * batchSize + factors.indexOf(factor));
    const apart = 0.3 * (off(factors, factor) + (arm === 'fixed' ? off(batchSizes, batchSize) : 0));
    const steps = 1000 * (1 + apart) * Math.exp(PLANTED_SCATTER * noise) * (arm === 'controlled' ? share : 1);
    return { arm, factor, seed: of, steps, examples: 32 * steps, batches: [{ fromStep: 0, batchSize }] };
  };
  const units = Array.from({ length: count }, (_, s) => first + s);
  return batchControl.cells(protocol).map((cell) => {
    const runs =
      'fixed' in cell
        ? factors.flatMap((factor) => units.map((of) => run('fixed', factor, of, cell.fixed)))
        : (['controlled', 'yoked', 'reversed'] as const).flatMap((arm) =>
            units.map((of) => run(arm, cell.controlledAt, of, protocol.batchSize)),
          );
    return { cell, evidence: { runs } };
  });
}

/** Of the standard protocol's size: a quick run has too few units to tell anything, planted or not. */
function planted(name: string, share: number, expected: string): Check {
  const { standard } = BATCH_CONTROL;
  const { verdict } = judgeBatchControl(
    runsOf(plantRuns(standard, 7, share)),
    standard.examplesPerStep,
    BATCH_CONTROL_MARGIN,
  );
  return {
    name,
    expected,
    found: verdict,
    holds: (verdict === 'reproduced') === (expected === 'reproduced'),
  };
}

/** Costs of all arms, and B over the steps of the controlled runs. */
function batchControlFigure({ detail }: Outcome<BatchControlOutcome>): Figure {
  const { arms, schedules } = detail;
  const fixed = arms.filter(({ arm }) => arm === 'fixed');
  const range = [
    Math.min(...fixed.map(({ batchSize }) => batchSize!)),
    Math.max(...fixed.map(({ batchSize }) => batchSize!)),
  ];
  const mean = (costs: readonly number[]): number | null =>
    finite(costs.reduce((sum, cost) => sum + cost, 0) / costs.length);
  return {
    caption: 'What a goal loss costs, and the batch sizes of the controlled runs',
    panels: [
      {
        title: 'Cost, mean over the seeds',
        x: { label: 'B', log: true },
        y: { label: 'steps + examples/r', log: true },
        marks: [
          {
            mark: 'line',
            name: 'fixed',
            points: fixed.map(({ batchSize, costs }) => ({ x: batchSize!, y: mean(costs) })),
          },
          ...arms
            .filter(({ arm }) => arm !== 'fixed')
            .map(({ arm, costs }) => ({
              mark: 'line' as const,
              name: arm,
              points: range.map((x) => ({ x, y: mean(costs) })),
            })),
        ],
      },
      {
        title: 'Batch size of the controlled runs',
        x: { label: 'step' },
        y: { label: 'B', log: true },
        marks: schedules.map(({ seed, batches, steps }) => ({
          mark: 'line' as const,
          name: `seed ${seed}`,
          points: batches.flatMap(({ fromStep, batchSize }, i) => [
            { x: fromStep, y: batchSize },
            { x: batches[i + 1]?.fromStep ?? Math.max(fromStep, steps ?? fromStep), y: batchSize },
          ]),
        })),
      },
    ],
  };
}

function armTables({ detail }: Outcome<BatchControlOutcome>): Table[] {
  return [
    {
      title: 'Each arm at its best ε',
      columns: ['arm', 'B', 'ε factor', 'steps', 'examples', 'cost'],
      rows: detail.arms.map(({ arm, batchSize, factor, steps, examples, costs }) => [
        arm,
        batchSize,
        factor,
        finite(steps),
        finite(examples),
        finite(costs.reduce((sum, cost) => sum + cost, 0) / costs.length),
      ]),
    },
  ];
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
