import { drawnExamples } from '../../../data/drawnExamples.ts';
import { uploadExamples } from '../../../data/uploadExamples.ts';
import { Scope } from '../../../gpu/scope.ts';
import { State } from '../../../gpu/state.ts';
import { flatValues } from '../../../nn/flatValues.ts';
import { purpose } from '../../../random/purpose.ts';
import { threefry2x32 } from '../../../random/threefry.ts';
import type { CellEvent, CellEvidence, Check, Experiment, Outcome, Verdict } from '../../experiment.ts';
import { requireAtLeast } from '../../protocol.ts';
import { relay } from '../../relay.ts';
import { openTrunk, perceptronTrunk, TRUNK_LOSS, trainTrunk } from '../../sgdTrunk.ts';
import { largestP } from '../../verdict/tailOfInterval.ts';
import {
  type FrozenPoint,
  measureFrozenPoint,
  type SampledPoint,
  sampledPointSchema,
} from './frozenPoint.ts';
import { type Finding, judgeOptimalStep } from './judgeOptimalStep.ts';
import { plantedTrunks } from './plantedTrunks.ts';
import {
  effectsFigure,
  type JudgedTrunks,
  optimalStepStatistics,
  optimalStepTables,
  optimalStepUnits,
} from './present.ts';
import { OPTIMAL_STEP, OPTIMAL_STEP_PARTS, type OptimalStepProtocol } from './protocol.ts';
import { OPTIMAL_STEP_RECORD } from './record.ts';

/** One frozen point: of which trunk, after how many steps, and all that it depends on. */
export type OptimalStepCell = { readonly trunk: number; readonly step: number } & Omit<
  OptimalStepProtocol,
  'checkpoints' | 'trunks' | 'seed'
>;

const RATIO = 'Measured ε_opt(B) over its prediction';

/** Whether ε_opt(B), ΔL_opt(B) and 2ε_opt(B) of one SGD step are what G, H and Σ say: see `OptimalStepProtocol`. */
export const optimalStep: Experiment<OptimalStepProtocol, OptimalStepCell, SampledPoint, JudgedTrunks> = {
  id: 'optimal-step',
  version: 2,
  statement:
    'One SGD step is best at ε_opt(B) = ε_max/(1 + B_noise/B), gains ΔL_opt(B), and raises the loss beyond 2ε_opt(B), as G, H and Σ say',
  source: 'McCandlish et al. 2018, eqs. 2.5 to 2.8',
  record: OPTIMAL_STEP_RECORD,
  presets: OPTIMAL_STEP,
  parts: OPTIMAL_STEP_PARTS,
  series: {
    ...TRUNK_LOSS,
    [RATIO]: { x: { label: 'B', log: true }, y: { label: 'measured/predicted', log: true } },
  },
  evidence: sampledPointSchema,

  cells({ trunks, checkpoints, seed, ...rest }) {
    const { draws, probes, examples, batchSizes, grid } = rest;
    requireAtLeast(optimalStep, 2, { trunks, checkpoints, draws, probes, examples });
    requireAtLeast(optimalStep, 3, { batchSizes, grid });
    return Array.from({ length: trunks }, (_, t) => seed + t).flatMap((trunk) =>
      checkpoints.map((step) => ({ trunk, step, ...rest })),
    );
  },

  async *run(gpu, cell, host) {
    const { trunk: seed, step, data, hidden, examples, lr, batchSize } = cell;
    const curve = `trunk ${seed}, step ${step}`;
    yield { type: 'phase', phase: `trunk ${seed}: reading data` };
    const trunk = await perceptronTrunk(data, hidden, host);
    const population = drawnExamples(trunk.dataset, examples, partSeed(seed, 0));
    const scope = new Scope();
    try {
      const run = scope.own(await openTrunk(gpu, trunk, { steps: step, batchSize, lr, seed }));
      yield { type: 'phase', phase: `trunk ${seed}: training to step ${step}` };
      yield* trainTrunk(run, curve);
      const theta = scope.own(new State(gpu, { label: 'frozen parameters', shape: [run.layout.length] }));
      theta.write(flatValues(run.layout, await run.weights(0)));
      const point = {
        model: trunk.model,
        layout: run.layout,
        theta,
        examples: scope.own(uploadExamples(gpu, population)),
        context: { mode: 'eval' as const },
      };
      yield { type: 'phase', phase: `trunk ${seed}: measuring at step ${step}` };
      const measuring = measureFrozenPoint(gpu, point, step, { ...cell, seed: partSeed(seed, step) });
      return yield* relay(measuring, function* ({ done, total, row }): Generator<CellEvent> {
        yield { type: 'progress', done, total, unit: 'draws' };
        if (!row) return;
        const predicted = row.rates[0]! / cell.grid[0]!;
        yield { type: 'series', chart: RATIO, curve, x: row.batchSize, y: row.optimal.rate / predicted };
      });
    } finally {
      scope.dispose();
    }
  },

  cost: ({ step, batchSizes, draws, grid, examples, hidden }) => ({
    seconds: 5 + 0.002 * step + batchSizes.length * draws * (grid.length + 1) * examples * hidden * 2e-8,
    bytes: 4 * 900 * examples + 4 * (grid.length + 1) * (1000 * hidden + 100 * examples) + 2 ** 26,
  }),

  plant: (truth, protocol, seed) => {
    const as = truth === 'effect' ? {} : { exponent: POWER_LAW };
    const trunks = plantedTrunks({ ...protocol, seed }, as);
    const { checkpoints } = protocol;
    return optimalStep.cells(protocol).map((cell, c) => {
      const point = trunks[Math.floor(c / checkpoints.length)]![c % checkpoints.length]!;
      return { cell, evidence: point };
    });
  },
  verdictOf: (found): Verdict => verdictWord(judgeOptimalStep(pointsOf(found).points).verdict),

  judge(found, protocol): Outcome<JudgedTrunks> {
    const { trunks, points } = pointsOf(found);
    const detail = { trunks, ...judgeOptimalStep(points) };
    const planted = plantedChecks(protocol);
    const statistics = optimalStepStatistics(detail);
    return {
      statistics,
      effects: optimalStepUnits(detail),
      p: largestP(statistics),
      controls: detail.controls.swapped.map((swap, i) => ({
        name: `predictions of ${i + 1} step${i > 0 ? 's' : ''} on, for other measurements`,
        expected: 'fail',
        found: swap.verdict,
        holds: swap.verdict === 'fail',
      })),
      planted,
      ...verdictOf(detail, planted),
      detail,
    };
  },

  figure: effectsFigure,
  tables: optimalStepTables,
};

/** The seed of a trunk's population (part 0), and of the mini-batches and probes at each frozen step. */
function partSeed(trunk: number, part: number): number {
  return threefry2x32(trunk, purpose.experimentPart, part, 0)[0] >>> 0;
}

/** Frozen points by trunk. */
function pointsOf(found: readonly CellEvidence<OptimalStepCell, SampledPoint>[]): {
  readonly trunks: readonly number[];
  readonly points: readonly (readonly FrozenPoint[])[];
} {
  const trunks = [...new Set(found.map(({ cell }) => cell.trunk))];
  const points = trunks.map((trunk) =>
    found.flatMap(({ cell, evidence }) => (cell.trunk === trunk ? [withoutDraws(evidence)] : [])),
  );
  return { trunks, points };
}

/** The samples stay in the cell: a result has what they came to. */
function withoutDraws({ rows, ...point }: SampledPoint): FrozenPoint {
  return { ...point, rows: rows.map(({ draws: _, ...row }) => row) };
}

/** Of the planted null, ε_opt(B) ∝ Bᵖ: no saturation. */
const POWER_LAW = 0.6;

/** Quadratics, where the predictions are exact, must pass; rates that follow a power law must not. */
function plantedChecks(protocol: OptimalStepProtocol): Check[] {
  const exact = judgeOptimalStep(plantedTrunks(protocol)).verdict;
  const power = judgeOptimalStep(plantedTrunks(protocol, { exponent: POWER_LAW })).verdict;
  return [
    {
      name: 'quadratics, where the predictions are exact',
      expected: 'pass',
      found: exact,
      holds: exact === 'pass',
    },
    { name: 'ε_opt(B) ∝ B^0.6', expected: 'fail', found: power, holds: power === 'fail' },
  ];
}

function verdictOf(
  { verdict, reason }: JudgedTrunks,
  planted: readonly Check[],
): Pick<Outcome, 'verdict' | 'reason'> {
  if (verdict === 'inconclusive') return { verdict, reason };
  const unseen = planted.filter(({ holds }) => !holds);
  if (unseen.length > 0) {
    const cases = unseen.map(({ name, expected, found }) => `${name}: ${found}, expected ${expected}`);
    return {
      verdict: 'inconclusive',
      reason: `it does not find what was planted (${cases.join('; ')}); ${verdict}: ${reason}`,
    };
  }
  const named = verdict === 'within tolerance; model rejected' ? `${verdict}: ${reason}` : reason;
  return { verdict: verdictWord(verdict), reason: named };
}

function verdictWord(finding: Finding): Verdict {
  if (finding === 'inconclusive') return finding;
  return finding === 'fail' ? 'not reproduced' : 'reproduced';
}
