import { expect, test } from 'vitest';
import { type Dataset, fitDataset } from '../../src/data/dataset.ts';
import { drawnExamples } from '../../src/data/drawnExamples.ts';
import { hostIndices } from '../../src/data/sampler.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { compareRates, optimalRates } from '../../src/experiments/mccandlish/optimalStep/compareRates.ts';
import { fitHyperbola, fitPowerLaw } from '../../src/experiments/mccandlish/optimalStep/fitRates.ts';
import { measureFrozenPoint } from '../../src/experiments/mccandlish/optimalStep/frozenPoint.ts';
import { OPTIMAL_STEP } from '../../src/experiments/mccandlish/optimalStep/protocol.ts';
import { State } from '../../src/gpu/state.ts';
import { type MeasuredLocalModel, measureLocalModel } from '../../src/measure/curvature/measureLocalModel.ts';
import { GradientDraws } from '../../src/measure/gradient/gradientDraws.ts';
import { openLossesAround } from '../../src/measure/landscape/lossesAround.ts';
import type { Point } from '../../src/measure/pass.ts';
import { noiseScale } from '../../src/measure/statistics/localModel.ts';
import { flatValues } from '../../src/nn/flatValues.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { testGpu } from './device.ts';
import { mlpLossAndGradient } from './mlpReference.ts';
import { randomValues } from './trace.ts';

/** A frozen point with seeded weights; `dispose` frees what it holds. */
async function frozen(
  layers: readonly Record<string, unknown>[],
  data: Dataset,
  loss: string,
): Promise<{ point: Point; weights: Map<string, Float32Array>; dispose: () => void }> {
  const gpu = await testGpu();
  const model = parseModel('model', { layers, loss });
  const layout = parameterLayout(model);
  const { dataset } = fitDataset(data, model);
  const weights = new Map(
    layout.entries.map(({ name, elements }, i) => [name, randomValues(elements, 7 + i).map((v) => v / 2)]),
  );
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  theta.write(flatValues(layout, weights));
  const examples = uploadExamples(gpu, dataset);
  return {
    point: { model, layout, theta, examples, context: { mode: 'eval' } },
    weights,
    dispose: () => {
      theta.dispose();
      examples.dispose();
    },
  };
}

const DIMS = 9;
/** The hidden layers' outputs are moved as they are where they go by fours; with 7 units all parameters are moved. */
for (const hidden of [12, 7]) {
  test(`losses along the gradients of batches against float64, ${hidden} hidden units, 300 examples`, async () => {
    const [examples, classes, points] = [300, 5, 4];
    const data = syntheticDataset(
      `gaussian-clusters?examples=${examples}&test=0&classes=${classes}&dims=${DIMS}`,
    );
    const { point, weights, dispose } = await frozen(
      [
        { type: 'Linear', in_features: DIMS, out_features: hidden },
        { type: 'Tanh' },
        { type: 'Linear', in_features: hidden, out_features: classes },
      ],
      data,
      'cross_entropy',
    );
    const gpu = await testGpu();
    const reference = {
      widths: [DIMS, hidden, classes],
      activation: Math.tanh,
      derivative: (z: number) => 1 - Math.tanh(z) ** 2,
    };
    const start = point.layout.entries.map(({ name }) => Float64Array.from(weights.get(name)!));
    const labels = (data.targets as { labels: Uint32Array }).labels;
    const x = data.x as Float32Array;
    const rates = [0, 0.1, 0.5, 2];
    const sizes = [1, 33];
    const seed = 11;

    const line = await openLossesAround(gpu, point, { directions: 1, points, runs: 2 });
    const { span, losses: along } = line;
    const draws = await GradientDraws.open(gpu, point, { batchSizes: sizes, seed, into: span.directions });
    try {
      const runs: Float64Array[][] = [];
      span.setCoefficients(rates.map((rate) => [-rate]));
      for (const batchSize of sizes) {
        draws.draw(batchSize);
        await along.run();
      }
      await expect(along.run()).rejects.toThrow(/no room/);
      runs.push((await along.read()).map((run) => Float64Array.from(run, ({ loss }) => loss)));
      runs[0]!.forEach((losses, n) => {
        const batchSize = sizes[n]!;
        const batch = hostIndices({ mode: 'iid', examples, batchSize, step: n, seed, epoch: 0, offset: 0 });
        const { gradient } = mlpLossAndGradient(
          reference,
          start,
          Float32Array.from(
            { length: batchSize * DIMS },
            (_, i) => x[batch[Math.floor(i / DIMS)]! * DIMS + (i % DIMS)]!,
          ),
          Uint32Array.from(batch, (i) => labels[i]!),
        );
        rates.forEach((rate, e) => {
          const moved = start.map((tensor, p) => tensor.map((v, i) => v - rate * gradient[p]![i]!));
          const all = mlpLossAndGradient(reference, moved, x, labels).losses;
          const expected = all.reduce((sum, v) => sum + v, 0) / examples;
          expect(Math.abs(losses[e]! / expected - 1)).toBeLessThan(2e-6);
        });
      });
    } finally {
      line.dispose();
      draws.dispose();
      dispose();
    }
  });
}

test('least squares, where the local model is exact: G, H, Σ, and ΔL of every draw, against float64', async () => {
  const [examples, seed] = [257, 3];
  // Columns of unlike scale, so that H is no multiple of the identity.
  const base = syntheticDataset(`linear-regression?examples=${examples}&test=0&dims=${DIMS}&noise=0.5`);
  const data: Dataset = { ...base, x: (base.x as Float32Array).map((v, i) => v / (1 + (i % DIMS))) };
  const { point, weights, dispose } = await frozen(
    [{ type: 'Linear', in_features: DIMS, out_features: 1 }],
    data,
    'mse',
  );
  const protocol = { ...OPTIMAL_STEP.standard, batchSizes: [4, 32, 512], draws: 60, probes: 32, seed };
  const measuring = measureFrozenPoint(await testGpu(), point, 1, protocol);
  let next = await measuring.next();
  const done: number[] = [];
  // A row ends with what its draws came to: the same count once more.
  for (; !next.done; next = await measuring.next()) if (!next.value.row) done.push(next.value.done);
  const found = next.value;
  dispose();
  expect(done).toHaveLength(180);
  expect(done.at(-1)).toBe(180);

  // (x, 1), the residuals, and with them all of it.
  const P = DIMS + 1;
  const rows = Array.from({ length: examples }, (_, n) =>
    Array.from({ length: P }, (_, d) => (d < DIMS ? data.x[n * DIMS + d]! : 1)),
  );
  const theta = [...weights.get('0.weight')!, ...weights.get('0.bias')!];
  const y = (data.targets as { y: Float32Array }).y;
  const gradients = rows.map((row, n) => {
    const residual = row.reduce((sum, v, d) => sum + v * theta[d]!, 0) - y[n]!;
    return row.map((v) => 2 * residual * v);
  });
  const mean = (list: readonly (readonly number[])[]): number[] =>
    list[0]!.map((_, d) => list.reduce((sum, g) => sum + g[d]!, 0) / list.length);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, v, d) => sum + v * b[d]!, 0);
  const G = mean(gradients);
  const quadratic = (v: readonly number[]): number =>
    rows.reduce((sum, row) => sum + 2 * dot(row, v) ** 2, 0) / examples;
  const deviations = gradients.map((g) => g.map((v, d) => v - G[d]!));
  const traceHessianCovariance = deviations.reduce((sum, v) => sum + quadratic(v), 0) / examples;
  const { local } = found;
  expect(local.gradNormSq / dot(G, G)).toBeCloseTo(1, 5);
  expect(local.gHg / quadratic(G)).toBeCloseTo(1, 5);
  expect(Math.abs(local.traceHessianCovariance - traceHessianCovariance)).toBeLessThan(
    4 * found.traceHessianCovarianceStderr,
  );
  expect(found.traceCovariance / (deviations.reduce((sum, v) => sum + dot(v, v), 0) / examples)).toBeCloseTo(
    1,
    5,
  );

  let step = 0;
  for (const { batchSize, rates, draws } of found.rows) {
    for (const change of draws) {
      const drawn = hostIndices({ mode: 'iid', examples, batchSize, step, seed, epoch: 0, offset: 0 });
      const g = mean(Array.from(drawn, (i) => gradients[i]!));
      step++;
      rates.forEach((rate, e) => {
        const expected = -rate * dot(G, g) + (rate ** 2 / 2) * quadratic(g);
        // Of the losses' rounding: they are around 10.
        expect(Math.abs(change[e]! - expected)).toBeLessThan(2e-5 + 1e-5 * Math.abs(expected));
      });
    }
  }

  const measured = found.rows;
  const rates = optimalRates(measured);
  const hyperbola = fitHyperbola(rates)!;
  const compared = compareRates(measured, hyperbola, {
    local: { ...local, traceHessianCovariance },
    traceHessianCovarianceStderr: 0,
  });
  console.info(
    `log of measured over predicted: ${JSON.stringify(compared.logRatios)}, χ² ${JSON.stringify(compared.chiSquared)}`,
  );
  // The model is exact here: 99.9 % of χ² on 3 is 16.3, and the ratios are within some of the draws' errors.
  expect(compared.chiSquared.rate).toMatchObject({ freedom: 3 });
  expect(compared.chiSquared.rate.value).toBeLessThan(16.3);
  expect(compared.chiSquared.gain.value).toBeLessThan(16.3);
  const reach = 4 * Math.max(...rates.map(({ logStderr }) => logStderr));
  for (const ratio of Object.values(compared.logRatios)) expect(Math.abs(ratio)).toBeLessThan(reach);
  expect(fitPowerLaw(rates)!.misfit).toBeGreaterThan(hyperbola.misfit);
});

test('of a part of a population |G|² and tr Σ are the population’s, not the part’s', async () => {
  const gpu = await testGpu();
  const [population, part, parts] = [512, 32, 48];
  const all = syntheticDataset(`linear-regression?examples=${population}&test=0&dims=${DIMS}&noise=2`);
  const layers = [{ type: 'Linear', in_features: DIMS, out_features: 1 }];
  const whole = await frozen(layers, all, 'mse');
  const truth = await measureLocalModel(gpu, whole.point, { probes: 2, seed: 1 });
  whole.dispose();
  const estimates: MeasuredLocalModel[] = [];
  for (let p = 0; p < parts; p++) {
    const sample = drawnExamples(all, part, 100 + p);
    const { point, dispose } = await frozen(layers, sample, 'mse');
    estimates.push(
      await measureLocalModel(gpu, point, { probes: 2, seed: p, populationExamples: population }),
    );
    await expect(
      measureLocalModel(gpu, point, { probes: 2, seed: p, populationExamples: part - 1 }),
    ).rejects.toThrow(/32 examples of a population of 31/);
    dispose();
  }
  const check = (what: string, of: (measured: MeasuredLocalModel) => number): number => {
    const values = estimates.map(of);
    const mean = values.reduce((sum, v) => sum + v, 0) / parts;
    const stderr = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (parts - 1) / parts);
    console.info(`${what}: ${mean} ± ${stderr}, of the population ${of(truth)}`);
    expect(Math.abs(mean - of(truth))).toBeLessThan(4 * stderr);
    return stderr;
  };
  const stderr = check('|G|²', ({ local }) => local.gradNormSq);
  check('tr Σ', ({ traceCovariance }) => traceCovariance);
  // The part's own |ḡ|² is larger by (1/32 − 1/512) tr S, which is many standard errors: nothing else would do.
  expect(((1 / part - 1 / population) * truth.traceCovariance) / stderr).toBeGreaterThan(4);
});

test('the probes’ error of B_noise is its scatter over probes, where tr(HΣ) is in GᵀHG too', async () => {
  const gpu = await testGpu();
  const data = syntheticDataset(`linear-regression?examples=64&test=0&dims=${DIMS}&noise=2`);
  const { point, dispose } = await frozen(
    [{ type: 'Linear', in_features: DIMS, out_features: 1 }],
    data,
    'mse',
  );
  const repeats = 40;
  const found: MeasuredLocalModel[] = [];
  for (let seed = 0; seed < repeats; seed++)
    found.push(await measureLocalModel(gpu, point, { probes: 64, seed, populationExamples: 6400 }));
  dispose();
  const scales = found.map(({ local }) => noiseScale(local)!);
  const mean = scales.reduce((sum, v) => sum + v, 0) / repeats;
  const scatter = Math.sqrt(scales.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (repeats - 1));
  const stated = found.reduce((sum, { bNoiseProbeStderr }) => sum + bNoiseProbeStderr, 0) / repeats;
  const alone = found.reduce(
    (sum, { local, traceHessianCovarianceStderr }) => sum + traceHessianCovarianceStderr / local.gHg,
    0,
  );
  console.info(`B_noise ${mean}: scatter ${scatter}, stated ${stated}, of tr(HΣ) alone ${alone / repeats}`);
  // A standard deviation of 40 is known to 11 %.
  expect(stated / scatter).toBeGreaterThan(0.67);
  expect(stated / scatter).toBeLessThan(1.5);
});
