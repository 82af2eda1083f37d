import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { State } from '../../src/gpu/state.ts';
import { allLooks } from '../../src/measure/allLooks.ts';
import { curvatureTrace } from '../../src/measure/curvature/curvatureTrace.ts';
import { densityOfFirst } from '../../src/measure/curvature/densityOfFirst.ts';
import { noiseOfFirst } from '../../src/measure/curvature/noiseOfFirst.ts';
import { sharpnessOfBatch } from '../../src/measure/curvature/sharpnessOfBatch.ts';
import { signVector } from '../../src/measure/curvature/signVector.ts';
import { spectralSum } from '../../src/measure/curvature/spectralDensity.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import { Memory } from '../../src/measure/memory.ts';
import { noise } from '../../src/measure/noise.ts';
import { oneBatch } from '../../src/measure/oneBatch.ts';
import type { Quantity } from '../../src/measure/quantity.ts';
import type { Interval } from '../../src/measure/statistics/interval.ts';
import { studentQuantile } from '../../src/measure/statistics/studentQuantile.ts';
import { type BatchOf, TracedBatch } from '../../src/measure/tracedBatch.ts';
import { Graph, size, type Tensor } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { gather } from '../../src/ops/state/gather.ts';
import { record } from '../../src/ops/state/record.ts';
import { sampleIndices } from '../../src/ops/state/sampling.ts';
import { dense, pointOf } from './randomPoint.ts';

const MLP = { layers: [dense(4, 3), { type: 'Tanh' }, dense(3, 2)] };
/** What batches are drawn from, each example anew: the distribution that an estimate is of. */
const EXAMPLES = 512;

/**
 * Over so many draws: 95 % intervals of what instruments read of a batch, or by random vectors, that hold what is read of with a share
 * from `least` to `most`.
 */
export function testInstrumentCoverage(wanted: { draws: number; least: number; most: number }): void {
  function expectHonest(
    what: string,
    intervals: readonly (Interval | null)[],
    truth: number,
    most = wanted.most,
  ): void {
    expect(intervals).toHaveLength(wanted.draws);
    const holds = (interval: Interval | null): boolean =>
      !interval || ((interval[0] ?? -Infinity) <= truth && truth <= (interval[1] ?? Infinity));
    const share = intervals.filter(holds).length / wanted.draws;
    console.info(`${what}: 95 % intervals hold ${truth} in ${(100 * share).toFixed(1)} % of ${wanted.draws}`);
    expect(share, what).toBeGreaterThanOrEqual(wanted.least);
    expect(share, what).toBeLessThanOrEqual(most);
  }

  const around = (value: number, stderr: number, freedom: number): Interval => {
    const reach = studentQuantile(freedom) * stderr;
    return [value - reach, value + reach];
  };

  /** What a quantity finds at each of so many batches of B, drawn with replacement. */
  async function overDraws<Found>(
    quantity: Quantity<Found>,
    batchSize: number,
    {
      model: json = MLP,
      draws = wanted.draws,
      mode = 'iid',
      before,
    }: {
      model?: Parameters<typeof pointOf>[0];
      draws?: number;
      mode?: 'iid' | 'sequential';
      before?: (draw: number, memory: Memory) => void;
    } = {},
  ): Promise<Found[]> {
    const { gpu, point, dispose } = await pointOf(json, [4], EXAMPLES);
    const found = await Scope.within(async (scope) => {
      const memory = new Memory(gpu, scope);
      const state = (label: string, shape: number[], dtype: 'f32' | 'u32'): State =>
        scope.own(new State(gpu, { label, shape, dtype }));
      const [counters, seeds] = [state('counters', [3], 'u32'), state('seeds', [1], 'u32')];
      seeds.write(Uint32Array.of(5));
      const graph = new Graph();
      const { model, layout, theta, examples, context } = point;
      const sampling = { mode, examples: EXAMPLES, counters, seeds };
      const [x, targets] = gather(examples, sampleIndices(graph, sampling, batchSize));
      const of: BatchOf = { model, layout, theta: read(graph, theta), x, targets, context };
      const gathering = oneBatch(graph, batchSize, (name, spec) => memory.state(name, spec));
      const batch = new TracedBatch(of, { unitSize: 1, gathering, first: () => of });
      const numbers = allLooks('a draw', quantity.trace(batch), batch);
      const scalars = Object.entries(numbers).filter(([, { shape }]) => shape.length === 0);
      const vectors = Object.entries(numbers).filter(([, { shape }]) => shape.length > 0);
      const cells = [...scalars, ...vectors];
      const width = cells.reduce((sum, [, { shape }]) => sum + size(shape), 1);
      const ring = state('ring', [draws, width], 'f32');
      record(
        { counters, ring, examples: EXAMPLES },
        batch.losses,
        cells.map(([, tensor]): Tensor => tensor),
      );
      memory.begin();
      const arena = scope.own(new Arena(gpu));
      const program = scope.own(await compile(gpu, graph, { label: 'draw', replicas: 1, arena }));
      for (let draw = 0; draw < draws; draw++) {
        before?.(draw, memory);
        program.run();
      }
      const rows = await ring.read();
      return Array.from({ length: draws }, (_, draw) => {
        let at = draw * width + 1;
        const given = cells.map(([name, { shape }]) => {
          const values = rows.subarray(at, at + size(shape));
          at += size(shape);
          return [name, values] as const;
        });
        const measured = { layout, examples: batchSize, units: batchSize, unitSize: 1 };
        return quantity.read(Object.fromEntries(given), measured);
      });
    });
    dispose();
    return found;
  }

  // Whether the gradient stands out of the noise of 128 examples: fitted values that are off by their means.
  test.each([
    { loss: 'cross_entropy', resolved: false },
    { loss: 'mse', resolved: true },
  ])(
    'B_noise, ε_max and what they are made of, of 128 examples and 16 probes: $loss',
    async ({ loss, resolved }) => {
      const model = { ...MLP, loss };
      const { gpu, point, dispose } = await pointOf(model, [4], EXAMPLES);
      const { truth } = await measureOver(gpu, point, { truth: noise({ exact: true }) });
      dispose();
      const found = await overDraws(noiseOfFirst({ examples: 128, probes: 16 }), 128, { model });
      for (const key of ['gHg', 'traceHessianCovariance', 'bNoise', 'deltaLossMax', 'epsMax'] as const) {
        // Of all that there is to draw: of |G|² and GᵀHG themselves.
        const intervals = found.map((each) => each[key].interval);
        const open = intervals.filter((each) => !each || each.includes(null)).length / wanted.draws;
        console.info(`${loss}: ${key}: ${(100 * open).toFixed(1)} % open`);
        // Where |G|² and GᵀHG may both be 0, any ε_max fits: open intervals hold what they are of in all draws.
        expectHonest(key, intervals, truth[key].value!, resolved ? wanted.most : 1);
        if (resolved) expect(open, key).toBeLessThan(0.2);
      }
    },
  );

  test('the sharpness of batches of 64, of thirty looks a run', async () => {
    const [batchSize, looks] = [64, 30];
    const instrument = sharpnessOfBatch.make({}, { every: 1 });
    const run = { names: [], sampling: () => ({ examples: EXAMPLES, replacement: true }) };
    const found = await overDraws(instrument.quantity, batchSize, { draws: looks * wanted.draws });
    const truth = found.reduce((sum, each) => sum + (each as { value: number }).value, 0) / found.length;
    const intervals = Array.from({ length: wanted.draws }, (_, i) => {
      const tell = instrument.follow(run);
      const told = found.slice(i * looks, (i + 1) * looks).map((each) => tell(each, { step: 1, batchSize }));
      return told.at(-1)!.meanInterval as Interval;
    });
    expectHonest('the mean of batch sharpness', intervals, truth);
  });

  test('the trace of the Hessian by the 8 starts of a density', async () => {
    const { gpu, point, layout, dispose } = await pointOf(MLP, [4], EXAMPLES);
    const exact = curvatureTrace('hessian', { probes: 0, seed: 0, exact: true });
    const { truth } = await measureOver(gpu, point, { truth: exact });
    dispose();
    const starts = 8;
    // All examples at each draw, which is one of the starts.
    const found = await overDraws(densityOfFirst({ examples: EXAMPLES, starts, steps: 3 }), EXAMPLES, {
      mode: 'sequential',
      before(draw, memory) {
        for (let start = 0; start < starts; start++) {
          const vector = signVector(layout, 1 + draw, start);
          memory.state(`start ${start}`, { shape: [layout.length] }).write(vector);
        }
      },
    });
    const intervals = found.map((spectrum) => {
      const { value, stderr } = spectralSum(spectrum, (node) => node);
      return around(value, stderr!, starts - 1);
    });
    expectHonest('tr H', intervals, truth.value);
  });
}
