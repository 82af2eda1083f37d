import { z } from 'zod';
import { firstExamples } from '../../data/firstExamples.ts';
import { uploadExamples } from '../../data/uploadExamples.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { measureLocalModel } from '../../measure/curvature/measureLocalModel.ts';
import { type Branch, branchedCriticalBatch } from '../../measure/statistics/branchedCriticalBatch.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { runBranch } from '../branches.ts';
import type { CellEvent, Check, Experiment, Outcome } from '../experiment.ts';
import { refused, requireAtLeast } from '../protocol.ts';
import { relay } from '../relay.ts';
import { openTrunk, perceptronTrunk, TRUNK_LOSS, trainTrunk } from '../sgdTrunk.ts';
import { plantedBranches } from './plantedNull.ts';
import { branchesFigure, criticalBatchTables, showEffect } from './present.ts';
import {
  CRITICAL_BATCH,
  CRITICAL_BATCH_PARTS,
  CRITICAL_BATCH_WITHDRAWN,
  type CriticalBatchProtocol,
} from './protocol.ts';
import {
  type CriticalBatchOutcome,
  doublingsBetween,
  type SnapshotBranches,
  summariseCriticalBatch,
} from './summariseCriticalBatch.ts';

/** Branches at one snapshot: after how many steps, in which orders of examples, and all that they depend on. */
export type CriticalBatchCell = {
  readonly step: number;
  /** Of the first order; the others' follow. */
  readonly firstOrder: number;
} & Omit<CriticalBatchProtocol, 'snapshots' | 'tolerance'>;

/** null is the loss of a branch that diverged. */
const evidence = z.strictObject({
  step: z.int().positive(),
  loss: z.number(),
  branches: z.array(z.strictObject({ factor: z.int().positive(), losses: z.array(z.number().nullable()) })),
  local: z.strictObject({ gradNormSq: z.number(), gHg: z.number(), traceHessianCovariance: z.number() }),
  bNoiseProbeStderr: z.number().nullable(),
  traceCovariance: z.number(),
});
export type CriticalBatchEvidence = z.output<typeof evidence>;

const BRANCH_LOSS = 'Smoothed loss of the branches';

/** Whether the local critical batch size rises early in training: see `CriticalBatchProtocol`. Withdrawn. */
export const criticalBatch: Experiment<
  CriticalBatchProtocol,
  CriticalBatchCell,
  CriticalBatchEvidence,
  CriticalBatchOutcome
> = {
  id: 'critical-batch',
  version: 1,
  statement: 'The local critical batch size of a run is small at its start and rises early on',
  source: 'Merrill et al. 2025',
  withdrawn: CRITICAL_BATCH_WITHDRAWN,
  presets: CRITICAL_BATCH,
  parts: CRITICAL_BATCH_PARTS,
  series: {
    ...TRUNK_LOSS,
    [BRANCH_LOSS]: { x: { label: 'kB', log: true }, y: { label: 'loss', log: true } },
  },
  evidence,

  cells({ snapshots, tolerance: _, ...rest }) {
    const { factors, window, batchSize, seeds, seed, examples, probes } = rest;
    requireAtLeast(criticalBatch, 2, { snapshots, factors, seeds, examples, probes });
    const odd = factors.find((factor) => window % (factor * batchSize) !== 0);
    if (odd !== undefined) {
      const expected = `expected a multiple of the batch of ${odd * batchSize}`;
      throw refused(criticalBatch, 'window', `is ${window} examples, ${expected}`);
    }
    // Orders of their own, none that of the trunk; the control's are others again.
    const cell = (step: number, firstOrder: number): CriticalBatchCell => ({ step, firstOrder, ...rest });
    return [...snapshots.map((step) => cell(step, seed + 1)), cell(snapshots.at(-1)!, seed + 1 + seeds)];
  },

  async *run(gpu, cell, host) {
    const { step, firstOrder, data, hidden, batchSize, lr, factors, window, seed, examples, probes } = cell;
    const curve = `step ${step}, orders from ${firstOrder}`;
    yield { type: 'phase', phase: 'reading data' };
    const trunk = await perceptronTrunk(data, hidden, host);
    const { model, dataset } = trunk;
    const scope = new Scope();
    try {
      const run = scope.own(await openTrunk(gpu, trunk, { steps: step, batchSize, lr, seed }));
      yield { type: 'phase', phase: `training to step ${step}` };
      yield* trainTrunk(run, curve);
      const weights = await run.weights(0);
      const theta = scope.own(new State(gpu, { label: 'snapshot', shape: [run.layout.length] }));
      theta.write(flatValues(run.layout, weights));
      const sample = firstExamples(dataset, Math.min(examples, dataset.examples));
      const point = {
        model,
        layout: run.layout,
        theta,
        examples: scope.own(uploadExamples(gpu, sample)),
        context: { mode: 'eval' as const },
      };
      yield { type: 'phase', phase: `measuring at step ${step}` };
      const { local, loss, bNoiseProbeStderr, traceCovariance } = await measureLocalModel(gpu, point, {
        probes,
        seed,
        populationExamples: dataset.examples,
      });
      yield { type: 'phase', phase: `branching at step ${step}, orders from ${firstOrder}` };
      const branches: CriticalBatchEvidence['branches'] = [];
      const total = factors.length * window;
      const seeds = Array.from({ length: cell.seeds }, (_, s) => firstOrder + s);
      const halfLife = batchSize * factors.at(-1)!;
      for (const factor of factors) {
        const before = branches.length * window;
        const options = { model, dataset, weights, batchSize, lr, factor, window, seeds, halfLife };
        const branch = yield* relay(runBranch(gpu, options), function* ({ done }): Generator<CellEvent> {
          const examples = before + done * factor * batchSize;
          yield { type: 'progress', done: examples, total, unit: 'examples' };
        });
        const { losses } = branch;
        branches.push({ factor, losses: losses.map((each) => (Number.isFinite(each) ? each : null)) });
        const mean = losses.reduce((sum, each) => sum + each, 0) / losses.length;
        yield { type: 'series', chart: BRANCH_LOSS, curve, x: factor * batchSize, y: mean };
      }
      const stderr = Number.isFinite(bNoiseProbeStderr) ? bNoiseProbeStderr : null;
      return { step, loss, branches, local, bNoiseProbeStderr: stderr, traceCovariance };
    } finally {
      scope.dispose();
    }
  },

  judge(found, protocol): Outcome<CriticalBatchOutcome> {
    const all = found.map(
      ({ evidence }): SnapshotBranches => ({ ...evidence, branches: finished(evidence) }),
    );
    const detail = summariseCriticalBatch(all.slice(0, -1), all.at(-1)!.branches, protocol);
    return {
      statistics: [
        { name: 'doublings from the first snapshot to the last', ...detail.doublings, margin: null },
      ],
      controls: [noRise('the last snapshot once more, in other orders', detail.control.doublings)],
      planted: [plantedNull(protocol)],
      verdict: 'withdrawn',
      reason: CRITICAL_BATCH_WITHDRAWN,
      detail,
    };
  },

  figure: branchesFigure,
  tables: criticalBatchTables,
};

function finished({ branches }: CriticalBatchEvidence): Branch[] {
  return branches.map(({ factor, losses }) => ({
    factor,
    losses: losses.map((loss) => loss ?? Number.POSITIVE_INFINITY),
  }));
}

/** The same noise scale at a loss of 4 and of 0.08: what rises there is the protocol's own. */
function plantedNull(protocol: CriticalBatchProtocol): Check {
  const [early, late] = [4, 0.08].map((loss) =>
    branchedCriticalBatch(plantedBranches(protocol, loss), protocol),
  );
  return noRise(
    'a quadratic with one noise scale, its loss 50 times smaller later',
    doublingsBetween(early!, late!),
  );
}

function noRise(name: string, doublings: CriticalBatchOutcome['doublings']): Check {
  const [low, high] = doublings.interval;
  return {
    name,
    expected: 'doublings of 0',
    found: showEffect(doublings),
    holds: (low === null || low <= 0) && (high === null || high >= 0),
  };
}
