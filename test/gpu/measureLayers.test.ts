import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { runJob } from '../../src/jobs/job.ts';
import { symmetricEigen } from '../../src/measure/statistics/symmetricEigen.ts';
import { inferShapes, parseModel, stateDictLayout } from '../../src/nn/modelSpec.ts';
import { batchLoss, type DenseProblem, derivatives } from './denseHessian.ts';
import { testGpu } from './device.ts';
import { randomValues } from './trace.ts';
import { watchBuffers } from './watchBuffers.ts';

const N = 8;
const IMAGE = [2, 5, 5];
/** Makes every Hessian here positive. */
const SHIFT = 200;

const CONV_BATCHNORM = {
  layers: [
    { type: 'Conv2d', in_channels: 2, out_channels: 2, kernel_size: 2, stride: 2 },
    { type: 'BatchNorm2d', num_features: 2 },
    { type: 'Tanh' },
    { type: 'AvgPool2d', kernel_size: 2, stride: 1 },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 2, out_features: 3 },
    { type: 'BatchNorm1d', num_features: 3 },
    { type: 'Sigmoid' },
    { type: 'Linear', in_features: 3, out_features: 3, bias: false },
  ],
  loss: 'cross_entropy',
};
const CONV_LAYERNORM = {
  layers: [
    { type: 'Conv2d', in_channels: 2, out_channels: 2, kernel_size: [2, 3], padding: [0, 1] },
    { type: 'LayerNorm', normalized_shape: [5] },
    { type: 'GELU', approximate: 'tanh' },
    { type: 'MaxPool2d', kernel_size: 2 },
    { type: 'Dropout', p: 0.5 },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 8, out_features: 2 },
  ],
  loss: 'mse',
};

const CASES = [
  {
    name: 'convolution and BatchNorm in train mode, all one batch',
    model: CONV_BATCHNORM,
    options: { signal_to_noise: true },
  },
  {
    name: 'convolution and BatchNorm over ghost batches of 3, 3 and 2',
    model: CONV_BATCHNORM,
    options: { ghost_batch: 3 },
  },
  {
    name: 'convolution and BatchNorm in eval mode',
    model: CONV_BATCHNORM,
    options: { eval: true, signal_to_noise: true },
  },
  { name: 'convolution, LayerNorm, max pooling and Dropout', model: CONV_LAYERNORM, options: {} },
  {
    name: 'convolution and LayerNorm, units of 5 and 3 examples',
    model: CONV_LAYERNORM,
    options: { ghost_batch: 5, signal_to_noise: true },
  },
];

for (const { name, model: json, options } of CASES) {
  test(`measure against dense float64 derivatives: ${name}`, { timeout: 180_000 }, async () => {
    const model = parseModel('model.json', json);
    const shapes = inferShapes(model, IMAGE);
    const entries = stateDictLayout(model);
    const state = new Map(
      entries.map(({ name: key, shape, kind }, i) => {
        const elements = shape.reduce((all, extent) => all * extent, 1);
        const values = randomValues(elements, 31 + i);
        if (key.endsWith('running_var')) return [key, values.map((v) => 1.2 + v)] as const;
        if (kind === 'buffer' || shape.length > 1) return [key, values] as const;
        return [key, values.map((v) => v / 2 + (key.endsWith('weight') ? 1 : 0))] as const;
      }),
    );
    const x = randomValues(N * 50, 5);
    const outputs = shapes.at(-1)![0]!;
    const classes = Uint8Array.from({ length: N }, (_, n) => (n * 5) % outputs);
    const values = randomValues(N * outputs, 9);
    const running = new Map(
      model.layers.flatMap((layer, i) =>
        layer.type.startsWith('BatchNorm')
          ? [[i, [state.get(`${i}.running_mean`)!, state.get(`${i}.running_var`)!] as const] as const]
          : [],
      ),
    );
    const problem: DenseProblem = {
      model,
      shapes,
      parameters: entries
        .filter(({ kind }) => kind === 'parameter')
        .map(({ name: key }) => Float64Array.from(state.get(key)!)),
      ...('eval' in options ? { running } : {}),
      x: Float64Array.from(x),
      y: model.loss === 'mse' ? values : classes,
    };
    const names = entries.filter(({ kind }) => kind === 'parameter').map(({ name: key }) => key);
    const files = new Map([
      ['model.json', new TextEncoder().encode(JSON.stringify(json))],
      [
        'w.safetensors',
        writeSafetensors(
          new Map(
            entries.map(({ name: key, shape }) => [
              key,
              key.endsWith('num_batches_tracked')
                ? { dtype: 'I64', shape: [], data: BigInt64Array.of(3n) }
                : { dtype: 'F32', shape: [...shape], data: state.get(key)! },
            ]),
          ),
        ),
      ],
      [
        'd.safetensors',
        writeSafetensors(
          new Map([
            ['x', { dtype: 'F32', shape: [N, ...IMAGE], data: x }],
            [
              'y',
              model.loss === 'mse'
                ? { dtype: 'F32', shape: [N, outputs], data: values }
                : { dtype: 'U8', shape: [N], data: classes },
            ],
          ]),
        ),
      ],
    ]);

    const coupled = !('eval' in options) && json === CONV_BATCHNORM;
    const b = 'ghost_batch' in options ? options.ghost_batch! : coupled ? N : 1;
    const starts = Array.from({ length: Math.ceil(N / b) }, (_, u) => u * b);
    const units = starts.map((from) =>
      derivatives(problem, (at) => batchLoss(at, from, Math.min(N, from + b))),
    );
    const P = units[0]!.gradient.length;
    const U = units.length;
    const mean = (of: (unit: (typeof units)[number]) => number): number =>
      units.reduce((sum, unit) => sum + of(unit), 0) / U;
    const H = Array.from({ length: P }, (_, i) =>
      Float64Array.from({ length: P }, (_, j) => mean(({ hessian }) => hessian[i]![j]!)),
    );
    const g = Float64Array.from({ length: P }, (_, i) => mean(({ gradient }) => gradient[i]!));
    const form = (v: Float64Array): number =>
      v.reduce((sum, a, i) => sum + a * v.reduce((row, c, j) => row + H[i]![j]! * c, 0), 0);
    const spectrum = [...symmetricEigen(H).values].reverse();
    const size = Math.max(...spectrum.map(Math.abs));

    const spec = {
      job: 'measure' as const,
      model: 'model.json',
      weights: 'w.safetensors',
      data: 'd.safetensors',
      eigenvalues: 1000,
      exact: true,
      trace: true,
      smallest: 3,
      density: true,
      log_det: SHIFT,
      starts: 4,
      steps: 12,
      tests: true,
      histogram: BINS,
      histogram_parameters: ROWS,
      ...options,
    };
    let result: Record<string, unknown> = {};
    const watch = watchBuffers(await testGpu());
    const host = { read: async (path: string) => files.get(path)! };
    for await (const event of runJob(await testGpu(), spec, host)) {
      if (event.type === 'result') result = event.result as typeof result;
    }
    expect(watch.held()).toBe(0);
    watch.stop();
    const hessian = result.hessian as {
      eigenvalues: { value: number; residual: number }[];
      smallest: { value: number; residual: number }[];
      trace: { value: number };
      density: { grid: number[]; density: number[] };
      logDeterminant: { value: number; stderr: number };
    };
    expect(hessian.eigenvalues).toHaveLength(P);
    hessian.eigenvalues.forEach(({ value, residual }, k) => {
      expect(Math.abs(value - spectrum[k]!)).toBeLessThan(
        Math.max(2e-3 * Math.abs(spectrum[k]!), 1e-5 * size),
      );
      expect(residual).toBeLessThan(1e-5 * size);
    });
    expect(hessian.smallest).toHaveLength(3);
    hessian.smallest.forEach(({ value }, k) => {
      expect(Math.abs(value - spectrum.at(-1 - k)!)).toBeLessThan(1e-5 * size);
    });
    const { value: logDet, stderr } = hessian.logDeterminant;
    const sumOfLogs = spectrum.reduce((sum, value) => sum + Math.log(value + SHIFT), 0);
    expect(Math.abs(logDet - sumOfLogs)).toBeLessThan(4 * stderr);
    const { grid, density } = hessian.density;
    const integral = density.reduce((sum, height) => sum + height * (grid[1]! - grid[0]!), 0);
    expect(Math.abs(integral - 1)).toBeLessThan(1e-4);
    const close = (found: unknown, expected: number, tolerance: number): void => {
      expect(Math.abs((found as number) - expected)).toBeLessThan(tolerance * Math.abs(expected));
    };
    close(
      hessian.trace.value,
      spectrum.reduce((sum, value) => sum + value, 0),
      2e-3,
    );
    close(
      result.loss,
      starts.reduce((sum, from) => sum + batchLoss(problem, from, Math.min(N, from + b)), 0) / U,
      1e-5,
    );
    close(result.gHg, form(g), 1e-3);
    expect(result.perExampleLoss).toHaveLength(N);
    if (U === 1) {
      expect(result).toMatchObject({ traceCovariance: null, traceHessianCovariance: null, bNoise: null });
      expect(result).toMatchObject({ traceCovarianceStderr: null, gradientTests: null, signalToNoise: null });
      expect(result.gradientHistogram).toBeNull();
      expect(result.warnings).toContain(
        'gradientTests, signalToNoise, gradientHistogram: null for the same reason',
      );
      return;
    }
    const deviations = units.map(({ gradient }) => gradient.map((value, i) => value - g[i]!));
    const trace = deviations.reduce((sum, d) => sum + d.reduce((all, v) => all + v * v, 0), 0) / (U - 1);
    const traceH = deviations.reduce((sum, d) => sum + form(d), 0) / (U - 1);
    close(result.traceCovariance, trace, 1e-3);
    close(result.traceHessianCovariance, traceH, 2e-3);
    close(result.bNoise, traceH / (form(g) - traceH / U), 5e-3);
    expect(result.perExampleGradNormSq).toHaveLength(U);
    units.forEach(({ gradient }, u) => {
      close(
        (result.perExampleGradNormSq as number[])[u],
        gradient.reduce((all, v) => all + v * v, 0),
        1e-4,
      );
    });

    const gradients = units.map(({ gradient }) => gradient);
    compareErrors(result, gradients);
    compareCurvatureErrors(result, units, H);
    if ('signal_to_noise' in options) {
      compareSignalToNoise(result.signalToNoise as Ratios, gradients, json === CONV_BATCHNORM);
    }
    compareHistograms(result.gradientHistogram as Histograms, gradients, problem.parameters, names);
  });
}

const [BINS, ROWS] = [21, 6];
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const dot = (a: Float64Array, b: Float64Array): number => sum(a.map((v, d) => v * b[d]!));
const meanOf = (vectors: readonly Float64Array[]): Float64Array =>
  vectors[0]!.map((_, d) => sum(vectors.map((v) => v[d]!)) / vectors.length);

function expectClose(found: number | null, expected: number | null, tolerance: number, what: string): void {
  if (expected === null) expect(found, what).toBeNull();
  else expect(Math.abs(found! - expected), what).toBeLessThanOrEqual(tolerance * Math.abs(expected));
}

/** √((N − 1)/N Σ(θ₋ₙ − θ̄)²) of what is left without each unit. */
function jackknifeOf(without: readonly number[]): number {
  const centre = sum(without) / without.length;
  return Math.sqrt(((without.length - 1) / without.length) * sum(without.map((v) => (v - centre) ** 2)));
}

/** The noise statistics and tests of gradients in float64, from their definitions. */
function noiseOf(gradients: readonly Float64Array[], batchSize: number) {
  const mean = meanOf(gradients);
  const normSq = dot(mean, mean);
  const trace = sum(gradients.map((g) => sum(g.map((v, d) => (v - mean[d]!) ** 2)))) / (gradients.length - 1);
  const along = sum(gradients.map((g) => (dot(g, mean) - normSq) ** 2)) / (gradients.length - 1);
  const unbiased = normSq - trace / gradients.length;
  return {
    traceCovariance: trace,
    gradNormSqUnbiased: unbiased,
    bSimple: trace / unbiased,
    norm: Math.sqrt(trace / (batchSize * normSq)),
    innerProduct: Math.sqrt(along / (batchSize * normSq ** 2)),
    orthogonality: Math.sqrt((trace - along / normSq) / (batchSize * normSq)),
  };
}

/** Against leaving out each unit in turn and beginning anew. */
function compareErrors(result: Record<string, unknown>, gradients: readonly Float64Array[]): void {
  const U = gradients.length;
  const whole = noiseOf(gradients, U);
  const without = gradients.map((_, n) =>
    noiseOf(
      gradients.filter((_, other) => other !== n),
      U,
    ),
  );
  const error = (name: keyof typeof whole): number | null =>
    U < 3 ? null : jackknifeOf(without.map((each) => each[name]));
  expectClose(result.traceCovarianceStderr as number, error('traceCovariance'), 5e-3, 'tr Σ');
  expectClose(result.gradNormSqUnbiasedStderr as number, error('gradNormSqUnbiased'), 5e-3, '|G|²');
  expectClose(result.bSimpleStderr as number, error('bSimple'), 2e-2, 'B_simple');
  const found = result.gradientTests as Record<string, { value: number; stderr: number }>;
  for (const name of ['norm', 'innerProduct', 'orthogonality'] as const) {
    expectClose(found[name]!.value, whole[name], 2e-3, name);
    if (name === 'norm') expectClose(found[name]!.stderr, error(name), 2e-2, name);
    else if (whole.norm ** 2 > Math.sqrt(U) / 4) expect(found[name]!.stderr, name).toBeNull();
    // Along ḡ a term of order 1/N is left out.
    else expectClose(found[name]!.stderr, error(name), 2 / U, name);
  }
}

/** Against the derivatives of ḡᵀHḡ and tr(HΣ) by the weight of each unit, from dense matrices. */
function compareCurvatureErrors(
  result: Record<string, unknown>,
  units: readonly { gradient: Float64Array; hessian: readonly ArrayLike<number>[] }[],
  H: readonly Float64Array[],
): void {
  const U = units.length;
  const keys = ['gHg', 'traceHessianCovariance', 'bNoise', 'epsMax', 'deltaLossMax'];
  if (U < 3) {
    for (const key of keys) expect(result[`${key}Stderr`], key).toBeNull();
    return;
  }
  const mean = meanOf(units.map(({ gradient }) => gradient));
  const away = units.map(({ gradient }) => gradient.map((v, d) => v - mean[d]!));
  const times = (matrix: readonly ArrayLike<number>[], v: Float64Array): Float64Array =>
    Float64Array.from(matrix, (row) => sum(v.map((value, d) => value * row[d]!)));
  const product = times(H, mean);
  const traceWith = (matrix: readonly ArrayLike<number>[]): number =>
    sum(away.map((u) => dot(u, times(matrix, u)))) / (U - 1);
  const all = { normSq: dot(mean, mean), gHg: dot(mean, product), trace: traceWith(H) };
  const steps = units.map(({ hessian }, n) => ({
    gHg: 2 * dot(away[n]!, product) + dot(mean, times(hessian, mean)) - all.gHg,
    trace: dot(away[n]!, times(H, away[n]!)) + traceWith(hessian) - (2 - 1 / U) * all.trace,
  }));
  const without = steps.map((step, n) => {
    const normSq = sum(mean.map((m, d) => (m - away[n]![d]! / (U - 1)) ** 2));
    const [gHg, trace] = [all.gHg - step.gHg / (U - 1), all.trace - step.trace / (U - 1)];
    return {
      gHg,
      traceHessianCovariance: trace,
      bNoise: trace / (gHg - trace / (U - 1)),
      epsMax: normSq / gHg,
      deltaLossMax: normSq ** 2 / (2 * gHg),
    };
  });
  for (const key of keys as (keyof (typeof without)[number])[]) {
    expectClose(result[`${key}Stderr`] as number, jackknifeOf(without.map((each) => each[key])), 2e-2, key);
  }
}

type Ratios = Record<
  'overall' | 'overallUnbiased' | 'mean' | 'evidence',
  { value: number; stderr: number | null }
> & { quantiles: { quantile: number; value: number }[]; silent: number };

/** Single coordinates only where none is zero but for rounding, as the bias before a LayerNorm. */
function compareSignalToNoise(found: Ratios, gradients: readonly Float64Array[], coordinates: boolean): void {
  const ratios = (of: readonly Float64Array[]) => {
    const mean = meanOf(of);
    const variance = mean.map((m, d) => sum(of.map((g) => (g[d]! - m) ** 2)) / (of.length - 1));
    // What differences of losses leave of a gradient that is zero is no variance.
    const each = mean.map((m, d) => m ** 2 / variance[d]!).filter((_, d) => variance[d]! > 1e-16);
    return { each: each.sort(), overall: dot(mean, mean) / sum(variance), mean: sum(each) / each.length };
  };
  const N = gradients.length;
  const all = ratios(gradients);
  // Fewer than the groups there would be: each is left out alone.
  const left = gradients.map((_, n) => ratios(gradients.filter((_, other) => other !== n)));
  const error = (of: (one: (typeof left)[number]) => number): number | null =>
    N < 3 ? null : jackknifeOf(left.map(of));
  expectClose(found.overall.value, all.overall, 2e-3, 'overall');
  expectClose(
    found.overall.stderr,
    error(({ overall }) => overall),
    1e-2,
    'error overall',
  );
  expectClose(found.overallUnbiased.value, all.overall - 1 / N, 1e-2, 'unbiased');
  if (!coordinates) return;
  expect(found.silent).toBe(gradients[0]!.length - all.each.length);
  expectClose(found.mean.value, all.mean, 1e-2, 'mean');
  expectClose(
    found.mean.stderr,
    error(({ mean }) => mean),
    5e-2,
    'error of the mean',
  );
  expectClose(found.evidence.value - 1, (-N * (N - 3) * all.mean) / (N - 1), 1e-2, 'evidence');
  for (const { quantile, value } of found.quantiles) {
    const expected = all.each[Math.floor(quantile * (all.each.length - 1))]!;
    expectClose(value, expected, 1e-2, `quantile ${quantile}`);
  }
}

interface Histograms {
  range: [number, number];
  layers: Record<string, number[]>;
  notFinite: number;
  byParameter: { range: [number, number]; layers: Record<string, number[][]> };
}

/** Every element is in its bin, but for those that are nearer to an edge than float32 tells. */
function compareHistograms(
  { range, layers, notFinite, byParameter }: Histograms,
  gradients: readonly Float64Array[],
  parameters: readonly Float64Array[],
  names: readonly string[],
): void {
  const place = (value: number, [from, to]: [number, number], bins: number): number =>
    Math.min(Math.max(((value - from) * bins) / (to - from), 0), bins - 1);
  const P = gradients[0]!.length;
  const rms = Math.sqrt(sum(gradients.map((g) => dot(g, g))) / (P * gradients.length));
  expect(range[1] / (5 * rms)).toBeCloseTo(1, 4);
  expect(range[0]).toBe(-range[1]);
  expect(byParameter.range[0]).toBe(Math.min(...parameters.flatMap((p) => [...p])));
  expect(byParameter.range[1]).toBe(Math.max(...parameters.flatMap((p) => [...p])));
  expect(notFinite).toBe(0);
  let offset = 0;
  parameters.forEach((values, i) => {
    const expected = Array.from({ length: ROWS }, () => new Array<number>(BINS).fill(0));
    let doubts = 0;
    values.forEach((w, p) => {
      for (const g of gradients) {
        const at = place(g[offset + p]!, range, BINS);
        expected[Math.trunc(place(w, byParameter.range, ROWS))]![Math.trunc(at)]!++;
        if (Math.abs(at - Math.round(at)) < 1e-4 && at > 0 && at < BINS - 1) doubts++;
      }
    });
    offset += values.length;
    const rows = byParameter.layers[names[i]!]!;
    const off = sum(expected.flatMap((row, r) => row.map((count, c) => Math.abs(count - rows[r]![c]!))));
    expect(off, names[i]).toBeLessThanOrEqual(2 * doubts);
    expect(doubts, names[i]).toBeLessThan(2 + 0.01 * gradients.length * values.length);
    expect(layers[names[i]!]).toEqual(rows.reduce((all, row) => all.map((count, c) => count + row[c]!)));
    expect(sum(layers[names[i]!]!)).toBe(gradients.length * values.length);
  });
}

test('a file that does not fit as one batch is refused with the memory that it needs', async () => {
  const gpu = await testGpu();
  // Room for the parameters, 1,024 bytes, and the data, of a byte each; not for 13 × 20 activations.
  const limits = { maxStorageBufferBindingSize: 1100 };
  const device = new Proxy(gpu.device, {
    get: (target, key) => (key === 'limits' ? limits : Reflect.get(target, key)),
  });
  const model = {
    layers: [
      { type: 'BatchNorm1d', num_features: 20 },
      { type: 'Linear', in_features: 20, out_features: 2 },
    ],
    loss: 'cross_entropy',
  };
  const spec = { job: 'measure' as const, model: 'm.json', weights: 'w.safetensors', data: 'd.safetensors' };
  const tensor = (shape: number[]) => ({
    dtype: 'F32' as const,
    shape,
    data: new Float32Array(shape.reduce((all, extent) => all * extent, 1)),
  });
  const files: Record<string, Uint8Array> = {
    'm.json': new TextEncoder().encode(JSON.stringify(model)),
    'd.safetensors': writeSafetensors(
      new Map<string, HostTensor>([
        ['x', { dtype: 'U8', shape: [13, 20], data: new Uint8Array(260) }],
        ['y', { dtype: 'U8', shape: [13], data: new Uint8Array(13) }],
      ]),
    ),
    'w.safetensors': writeSafetensors(
      new Map<string, HostTensor>([
        ...['weight', 'bias', 'running_mean', 'running_var'].map(
          (name) => [`0.${name}`, tensor([20])] as const,
        ),
        ['0.num_batches_tracked', { dtype: 'I64', shape: [], data: BigInt64Array.of(0n) }],
        ['1.weight', tensor([2, 20])],
        ['1.bias', tensor([2])],
      ]),
    ),
  };
  const host = { read: async (path: string) => files[path]! };
  await expect(async () => {
    for await (const _ of runJob({ ...gpu, device }, spec, host));
  }).rejects.toThrow(
    /d.safetensors: 13 examples: .* have 2184 bytes; .*--ghost-batch.*takes 1280 bytes, .*binding is 1100 bytes/,
  );
});
