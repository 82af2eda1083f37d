import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { InputError } from '../../src/host/inputError.ts';
import { runJob } from '../../src/jobs/job.ts';
import { batchSharpness } from '../../src/measure/curvature/batchSharpness.ts';
import { lossAlong } from '../../src/measure/curvature/lossAlong.ts';
import { spectralSum } from '../../src/measure/curvature/spectralDensity.ts';
import { gradientTests } from '../../src/measure/gradient/gradientTests.ts';
import { histogram } from '../../src/measure/gradient/histogram.ts';
import { moments } from '../../src/measure/gradient/moments.ts';
import { signalToNoise } from '../../src/measure/gradient/signalToNoise.ts';
import { slopesAlong } from '../../src/measure/gradient/slopesAlong.ts';
import type { ModelPoint } from '../../src/measure/modelPoint.ts';
import { noise } from '../../src/measure/noise.ts';
import { type PointSettings, point } from '../../src/measure/point.ts';
import type { Measured } from '../../src/measure/statistics/measured.ts';
import { symmetricEigen } from '../../src/measure/statistics/symmetricEigen.ts';
import { inferShapes, type ModelSpec, parseModel, stateDictLayout } from '../../src/nn/modelSpec.ts';
import { counting } from './counting.ts';
import { batchLoss, derivatives } from './denseHessian.ts';
import { testGpu } from './device.ts';
import { dense } from './randomPoint.ts';
import { randomValues } from './trace.ts';
import { NO_MEMORY, watchBuffers } from './watchBuffers.ts';

const MLP = { layers: [dense(4, 3), { type: 'Tanh' }, dense(3, 3)], loss: 'cross_entropy' };
const CNN = {
  layers: [
    { type: 'Conv2d', in_channels: 1, out_channels: 2, kernel_size: 2 },
    { type: 'BatchNorm2d', num_features: 2 },
    { type: 'Tanh' },
    { type: 'Flatten' },
    dense(18, 3),
  ],
  loss: 'cross_entropy',
};

interface Made {
  readonly model: ModelSpec;
  readonly weights: Map<string, Float32Array | Uint32Array>;
  readonly data: Dataset;
}

/** A model, weights and examples of a shape; both as a file would have them. */
function made(json: object, shape: readonly number[], examples: number): Made {
  const model = parseModel('model.json', json);
  const weights = new Map<string, Float32Array | Uint32Array>(
    stateDictLayout(model).map(({ name, shape: of, dtype }, i) => {
      const values = randomValues(
        of.reduce((all, extent) => all * extent, 1),
        21 + i,
      );
      if (dtype === 'I64') return [name, Uint32Array.of(3)];
      return [name, name.endsWith('running_var') ? values.map((v) => 1.2 + v / 2) : values];
    }),
  );
  const width = shape.reduce((all, extent) => all * extent, 1);
  const data: Dataset = {
    name: 'd.safetensors',
    x: randomValues(examples * width, 5),
    exampleShape: [...shape],
    targets: {
      kind: 'classes',
      labels: Uint32Array.from({ length: examples }, (_, n) => (n * 7 + (n >> 2)) % 3),
      classes: 3,
    },
    examples,
  };
  return { model, weights, data };
}

/** What the job measures of the same model, weights and data, by files. */
async function jobResult({ model, weights, data }: Made, options: object): Promise<Record<string, unknown>> {
  const layout = stateDictLayout(model);
  const labels = (data.targets as { labels: Uint32Array }).labels;
  const files = new Map<string, Uint8Array>([
    ['model.json', new TextEncoder().encode(JSON.stringify(model))],
    [
      'w.safetensors',
      writeSafetensors(
        new Map(
          layout.map(({ name, shape, dtype }): [string, HostTensor] => [
            name,
            dtype === 'I64'
              ? { dtype, shape: [...shape], data: BigInt64Array.of(3n) }
              : { dtype: 'F32', shape: [...shape], data: weights.get(name)! },
          ]),
        ),
      ),
    ],
    [
      'd.safetensors',
      writeSafetensors(
        new Map<string, HostTensor>([
          ['x', { dtype: 'F32', shape: [data.examples, ...data.exampleShape], data: data.x }],
          ['y', { dtype: 'U8', shape: [data.examples], data: Uint8Array.from(labels) }],
        ]),
      ),
    ],
  ]);
  const spec = { job: 'measure' as const, model: 'model.json', weights: 'w.safetensors', data: data.name };
  const host = { read: async (path: string) => files.get(path)! };
  for await (const event of runJob(await testGpu(), { ...spec, ...options }, host)) {
    if (event.type === 'result') return event.result as Record<string, unknown>;
  }
  throw new Error('no result');
}

const ESTIMATES = [
  'traceCovariance',
  'gradNormSqUnbiased',
  'bSimple',
  'gHg',
  'traceHessianCovariance',
  'bNoise',
  'epsMax',
  'deltaLossMax',
] as const;

const SAME: readonly {
  readonly name: string;
  readonly of: Made;
  readonly settings?: Partial<PointSettings>;
  readonly spec?: object;
  readonly exact?: boolean;
}[] = [
  { name: 'an MLP', of: made(MLP, [4], 37) },
  { name: 'an MLP, tr(HΣ) from every example', of: made(MLP, [4], 9), spec: { exact: true }, exact: true },
  {
    name: 'BatchNorm in eval mode',
    of: made(CNN, [1, 4, 4], 21),
    settings: { mode: 'eval' },
    spec: { eval: true },
  },
  { name: 'BatchNorm in train mode', of: made(CNN, [1, 4, 4], 21) },
  {
    name: 'BatchNorm over ghost batches',
    of: made(CNN, [1, 4, 4], 21),
    settings: { ghostBatch: 4 },
    spec: { ghost_batch: 4 },
  },
  { name: 'one example', of: made(MLP, [4], 1) },
  { name: 'two examples', of: made(MLP, [4], 2) },
];

for (const { name, of, settings, spec = {}, exact = false } of SAME) {
  test(`noise() has the numbers of the measure job, bit for bit: ${name}`, async () => {
    const expected = await jobResult(of, spec);
    const at = await point(await testGpu(), { ...of, ...settings });
    const found = await at.measure(noise({ exact }));
    for (const key of ESTIMATES) {
      const { value, stderr, interval }: Measured = found[key];
      expect({ key, value, stderr, interval }).toEqual({
        key,
        value: expected[key],
        stderr: expected[`${key}Stderr`],
        interval: expected[`${key}Interval`],
      });
      // No null without a reason.
      if (value === null || stderr === null) expect(found.warnings.join()).toMatch(/null/);
    }
    expect(found.layers).toEqual(expected.layers);
    for (const key of ['loss', 'gradNormSq', 'bSimpleResolved'] as const)
      expect(found[key]).toBe(expected[key]);
    expect([...found.perExampleLoss]).toEqual(expected.perExampleLoss);
    expect(found.traceHessianCovariance.probeStderr).toBe(expected.traceHessianCovarianceProbeStderr ?? null);
    const isOutside = ({ value, interval }: Measured): boolean =>
      value !== null &&
      interval !== null &&
      (value < (interval[0] ?? value) || value > (interval[1] ?? value));
    // The one that the command does not give: its result has the numbers for whoever compares them.
    const [outside, others] = [true, false].map((is) =>
      found.warnings.filter((text) => text.includes('outside of') === is),
    );
    const named = ESTIMATES.filter((key) => isOutside(found[key]));
    expect(outside).toEqual(
      named.length === 0 ? [] : [expect.stringMatching(`^${named.join(', ')}: outside of`)],
    );
    expect(others).toHaveLength((expected.warnings as string[]).length);
    expect(await at.loss()).toBe(found.loss);
    at.dispose();
  });
}

test('what is measured together is what is measured alone, in fewer submits', async () => {
  const gpu = await testGpu();
  const at = await point(gpu, made(MLP, [4], 37));
  const all = () => ({
    noise: noise(),
    tests: gradientTests(),
    ratios: signalToNoise(),
    moments: moments(),
    bins: histogram({ bins: 9, parameterBins: 3 }),
    sharpness: batchSharpness({ batchSize: 4, batches: 3 }),
  });
  let count = counting(gpu.device);
  const together = await at.measure(all());
  const shared = count.stop().submit;
  count = counting(gpu.device);
  const alone = {
    noise: await at.measure(all().noise),
    tests: await at.measure(all().tests),
    ratios: await at.measure(all().ratios),
    moments: await at.measure(all().moments),
    bins: await at.measure(all().bins),
    sharpness: await at.measure(all().sharpness),
  };
  const apart = count.stop().submit;
  expect(together).toEqual(alone);
  expect(shared).toBeLessThan(apart);
  const job = await jobResult(made(MLP, [4], 37), {
    tests: true,
    signal_to_noise: true,
    histogram: 9,
    histogram_parameters: 3,
  });
  expect(together.tests).toEqual(job.gradientTests);
  expect(together.ratios).toEqual(job.signalToNoise);
  expect(together.bins).toEqual(job.gradientHistogram);
  // |G|² and tr Σ from the moments, by hand.
  const sum = (of: ReadonlyMap<string, Float32Array>, f: (value: number) => number): number =>
    [...of.values()].flatMap((values) => [...values]).reduce((total, value) => total + f(value), 0);
  expect(sum(together.moments.mean, (m) => m * m)).toBeCloseTo(together.noise.gradNormSq, 10);
  const { value } = together.noise.traceCovariance;
  expect(sum(together.moments.variance!, (v) => v) / value!).toBeCloseTo(1, 5);
  expect(together.moments.traceCovariance).toBe(value);
  const { bNoise, gHg, traceHessianCovariance: trace } = together.noise;
  // The derivative of tr(HΣ)/(ḡᵀHḡ − tr(HΣ)/N), by differences.
  const scale = (t: number): number => t / (gHg.value! - t / 37);
  const h = 1e-5 * Math.abs(trace.value!);
  const slope = (scale(trace.value! + h) - scale(trace.value! - h)) / (2 * h);
  expect(bNoise.probeStderr! / (Math.abs(slope) * trace.probeStderr!)).toBeCloseTo(1, 6);
  at.dispose();
});

test('without curvature noise() has what the gradients tell, the same, and a reason for the rest', async () => {
  const at = await point(await testGpu(), made(MLP, [4], 37));
  const [whole, part] = [await at.measure(noise()), await at.measure(noise({ hessian: false }))];
  for (const key of ['traceCovariance', 'gradNormSqUnbiased', 'bSimple'] as const) {
    expect(part[key]).toEqual(whole[key]);
    expect(part[key].stderr).toBeGreaterThan(0);
  }
  for (const key of ['gHg', 'bNoise', 'epsMax', 'traceHessianCovariance', 'deltaLossMax'] as const) {
    expect(part[key].value).toBeNull();
  }
  expect(part.warnings).toEqual([expect.stringMatching(/no curvature was asked for: gHg.*are null/)]);
  at.dispose();
});

/** Float64 gradient and Hessian of the mean loss. */
function truth({ model, weights, data }: Made) {
  const parameters = stateDictLayout(model)
    .filter(({ kind }) => kind === 'parameter')
    .map(({ name }) => Float64Array.from(weights.get(name)!));
  const problem = {
    model,
    shapes: inferShapes(model, [...data.exampleShape]),
    parameters,
    x: Float64Array.from(data.x),
    y: (data.targets as { labels: Uint32Array }).labels,
  };
  return derivatives(problem, (p) => batchLoss(p, 0, data.examples));
}

const error = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  const size = Math.sqrt(Array.from(expected).reduce((sum, v) => sum + v * v, 0));
  return Math.sqrt(Array.from(expected).reduce((sum, v, i) => sum + (found[i]! - v) ** 2, 0)) / size;
};

for (const [name, of] of [
  ['an MLP', made(MLP, [4], 11)],
  ['convolution and BatchNorm in train mode', made(CNN, [1, 4, 4], 6)],
] as const) {
  test(`gradient, products, spectrum and trace against dense float64 derivatives: ${name}`, async () => {
    const at = await point(await testGpu(), of);
    const { gradient, hessian } = truth(of);
    const P = gradient.length;
    expect(at.parameters).toBe(P);
    const g = await at.gradient();
    const found = await g.flat();
    // Central differences err by some 10⁻⁷, float32 sums by fewer than 100 roundings of 2⁻²⁴.
    expect(error(found, gradient)).toBeLessThan(1e-5);
    const H = at.hessian();
    const times = (v: ArrayLike<number>): Float64Array =>
      Float64Array.from(hessian, (row) => row.reduce((sum, h, j) => sum + h * v[j]!, 0));
    const vectors = [
      g,
      ...Array.from({ length: 4 }, (_, seed) => at.vector({ random: 'normal', seed })),
      at.vector({ random: 'signs', seed: 2 }),
    ];
    // More than one pass has room for; and one alone at the same time.
    const [many, alone] = await Promise.all([H.times(vectors), H.times(vectors[3]!)]);
    for (const [i, product] of many.entries()) {
      const values = await vectors[i]!.flat();
      if (i > 0) expect(Math.abs(values.reduce((sum, v) => sum + v * v, 0) / P - 1)).toBeLessThan(1);
      expect(error(await product.flat(), times(values))).toBeLessThan(1e-4);
    }
    expect(await alone.flat()).toEqual(await many[3]!.flat());
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);
    const [gHg, norm] = await Promise.all([g.dot(many[0]!), g.norm()]);
    expect(gHg / dot(gradient, times(gradient))).toBeCloseTo(1, 4);
    expect(norm / Math.sqrt(dot(gradient, gradient))).toBeCloseTo(1, 5);

    const values = [...symmetricEigen(hessian.map((row) => Float64Array.from(row))).values].reverse();
    const looks: number[] = [];
    const {
      pairs,
      converged,
      vectors: eigenvectors,
    } = await H.eigenvalues(3, {
      vectors: true,
      progress: ({ products }) => looks.push(products),
    });
    expect(looks.length).toBeGreaterThan(0);
    expect(converged).toBe(true);
    expect((await H.eigenvalues(1, { which: 'smallest' })).pairs[0]!.value / values.at(-1)!).toBeCloseTo(
      1,
      3,
    );
    for (const [k, { value }] of pairs.entries()) {
      expect(value / values[k]!).toBeCloseTo(1, 3);
      const v = await eigenvectors[k]!.flat();
      expect(dot(v, v)).toBeCloseTo(1, 4);
      expect(
        error(
          times(v),
          v.map((each) => value * each),
        ),
      ).toBeLessThan(1e-2);
    }
    const trace = values.reduce((sum, value) => sum + value, 0);
    expect((await H.trace({ exact: true })).value / trace).toBeCloseTo(1, 4);
    for (const method of ['hutchinson', 'hutch++'] as const) {
      const { value, stderr } = await H.trace({ probes: 24, seed: 3, method });
      expect(Math.abs(value - trace)).toBeLessThan(4 * stderr! + 1e-4 * Math.abs(trace));
    }
    const shift = 1 - values.at(-1)!;
    const logs = values.reduce((sum, value) => sum + Math.log(value + shift), 0);
    const { value, stderr } = await H.logDeterminant({ shift, starts: 6 });
    expect(Math.abs(value - logs)).toBeLessThan(4 * stderr!);
    const twice = spectralSum(await H.quadrature({ starts: 6 }), (node) => 2 * node);
    expect(Math.abs(twice.value - 2 * trace)).toBeLessThan(4 * twice.stderr! + 1e-4 * Math.abs(trace));
    const { grid, density } = await H.density({ starts: 2, steps: 8 });
    expect(density.reduce((sum, each) => sum + each, 0) * (grid[1]! - grid[0]!)).toBeCloseTo(1, 3);

    // What the weights are, and the loss a step along the gradient leaves.
    const theta = await at.weights().read();
    for (const [key, of_] of theta) expect(of_).toEqual(of.weights.get(key));
    at.dispose();
  });
}

test('Fisher and Gauss-Newton matrix are those of the measure job; slopes and losses along a vector', async () => {
  const of = made(MLP, [4], 23);
  const at = await point(await testGpu(), of);
  for (const [matrix, operator, key] of [
    [at.gaussNewton(), 'gauss-newton', 'gaussNewton'],
    [at.empiricalFisher(), 'empirical-fisher', 'empiricalFisher'],
  ] as const) {
    const job = await jobResult(of, { operator, eigenvalues: 2, trace: true });
    const expected = job[key] as { eigenvalues: unknown; trace: unknown };
    expect((await matrix.eigenvalues(2)).pairs).toEqual(expected.eigenvalues);
    expect(await matrix.trace()).toEqual(expected.trace);
  }
  const g = await at.gradient();
  const slopes = await at.measure(slopesAlong(g));
  const gg = await g.dot(g);
  expect(slopes.reduce((sum, slope) => sum + slope, 0) / 23 / gg).toBeCloseTo(1, 5);
  const losses = await at.measure(lossAlong(g, [0, 1e-2]));
  expect(losses[0]! / (await at.loss())).toBeCloseTo(1, 6);
  expect((losses[0]! - losses[1]!) / (1e-2 * gg)).toBeCloseTo(1, 1);
  at.dispose();
});

test('weights, vectors and settings that do not fit are refused by name', async () => {
  const gpu = await testGpu();
  const of = made(MLP, [4], 5);
  const w = Object.fromEntries(of.weights) as Record<string, Float32Array>;
  const bad = (change: object): Record<string, Float32Array> => ({ ...w, ...change });
  const without = Object.fromEntries(Object.entries(w).filter(([name]) => name !== '2.bias'));
  const cnn = made(CNN, [1, 4, 4], 5);
  const cases: [Partial<PointSettings>, RegExp][] = [
    [{ weights: without }, /weights: 2\.bias: missing/],
    [
      { weights: bad({ 'fc.weight': new Float32Array(2) }) },
      /weights: fc\.weight: unknown name.*weightsByOrder/,
    ],
    [
      { weights: bad({ '0.bias': new Float32Array(4) }) },
      /weights: 0\.bias: found shape \[4\], expected \[3\]/,
    ],
    [
      { weights: bad({ '0.bias': Float32Array.of(0, Number.NaN, 0) }) },
      /weights: 0\.bias: element 1 is NaN, expected a finite number/,
    ],
    [{ weights: bad({ '0.bias': [0, 0, 0] }) }, /weights: 0\.bias: .*expected a Float32Array/],
    [
      { weights: Object.fromEntries(Object.entries(w).map(([name, v]) => [`module.${name}`, v])) },
      /weightsPrefix: "module\." finds them/,
    ],
    [
      { weights: undefined as never },
      /weights: tensors: nothing given, expected tensors by name, as data\.read/,
    ],
    [{ weights: Float32Array.of(1) as never }, /weights: tensors: a Float32Array of 1 given/],
    [{ weights: Promise.resolve(w) as never }, /point: weights: is a Promise: await it/],
    [{ weights: bad({ '0.bias': Promise.resolve() }) }, /weights: 0\.bias: is a Promise, expected/],
    [
      { data: of.data.x as never },
      /point: data: is a Float32Array of 20, expected a data set, as datasetFromArrays/,
    ],
    [{ mode: 'test' as 'eval' }, /point: mode: is "test", expected 'train' or 'eval'/],
    [{ ghostBatch: 0 }, /point: ghostBatch: is 0/],
    [{ loss: 'mse' }, /model: loss: is "cross_entropy" in the model and "mse" beside it/],
    [{ data: { ...of.data, exampleShape: [2, 2] }, model: cnn.model, weights: cnn.weights }, /layer 0/],
    [
      {
        model: parseModel('m', {
          layers: [dense(4, 3), { type: 'BatchNorm1d', num_features: 3 }],
          loss: 'cross_entropy',
        }),
        weights: {
          '0.weight': w['0.weight']!,
          '0.bias': w['0.bias']!,
          '1.weight': new Float32Array(3),
          '1.bias': new Float32Array(3),
          '1.running_mean': new Float32Array(3),
          '1.running_var': new Float32Array(3),
          '1.num_batches_tracked': Uint32Array.of(0),
        },
        ghostBatch: 4,
      },
      /layer 1 \(BatchNorm1d\): a batch of 1 gives it one value a channel/,
    ],
  ];
  for (const [change, message] of cases) {
    await expect(point(gpu, { ...of, ...change })).rejects.toThrow(message);
  }
  await expect(point({ ...of } as never, gpu as never)).rejects.toThrow(
    /point: gpu: is \{.*expected the device/,
  );
  await expect(point(gpu, undefined as never)).rejects.toThrow(
    /point: settings: found nothing, expected \{ model, weights, data, … \} as the second argument/,
  );
  const prefixed = await point(gpu, {
    ...of,
    weightsPrefix: 'module.',
    weights: new Map([...of.weights].map(([name, v]) => [`module.${name}`, v])),
  });
  const coupled = await point(gpu, cnn);
  expect(() => coupled.empiricalFisher()).toThrow(/empiricalFisher: BatchNorm in train mode couples/);
  for (const each of [gradientTests(), signalToNoise(), histogram()]) {
    await expect(coupled.measure(each as ReturnType<typeof gradientTests>)).rejects.toThrow(
      /BatchNorm in train mode couples the examples/,
    );
  }
  const foreign = await coupled.gradient();
  await expect(prefixed.hessian().times(foreign)).rejects.toThrow(
    /hessian: vector: has 0\.weight \[2, 1, 2, 2\]/,
  );
  await expect((await prefixed.gradient()).dot(foreign)).rejects.toThrow(/dot: vector/);
  expect(() => prefixed.vector(new Float32Array(5))).toThrow(/vector: values: found 5 numbers, expected 27/);
  expect(() => prefixed.vector({ '0.weight': new Float32Array(12) })).toThrow(/vector: .*missing/);
  expect(() => prefixed.vector({ random: 'normal', seed: -1 })).toThrow(/vector: seed: is -1/);
  await expect(prefixed.hessian().eigenvalues(0)).rejects.toThrow(/eigenvalues: 0, expected an integer/);
  expect(() => noise(100 as never)).toThrow(
    /noise: options: 100, expected \{ probes, seed, exact, hessian \}/,
  );
  expect(() => noise({ probe: 100 } as never)).toThrow(/noise: probe: is no option, expected \{ probes/);
  expect(() => noise({ probes: 1 })).toThrow(/1 probes, expected two or more/);

  // What was not made a vector, an option or a measurement yet.
  const H = prefixed.hessian();
  const flat = new Float32Array(27);
  const unmade: [() => Promise<unknown>, RegExp][] = [
    [
      () => H.times(flat as never),
      /hessian: vector: a Float32Array of 27 given, .*at\.vector\(values\) makes one/,
    ],
    [() => H.times([flat] as never), /hessian: vector: a Float32Array of 27 given/],
    [() => H.times(prefixed.gradient() as never), /hessian: vector: is a Promise: await it/],
    [() => H.times(undefined as never), /hessian: vector: nothing given/],
    [async () => prefixed.vector(Promise.resolve(flat) as never), /vector: tensors: is a Promise: await it/],
    [async () => prefixed.vector(3 as never), /vector: tensors: 3 given, expected tensors by name/],
    [() => H.trace(100 as never), /trace: options: 100, expected \{ probes, seed, exact, method \}/],
    [() => H.trace({ probe: 100 } as never), /trace: probe: is no option, expected \{ probes, /],
    [() => H.eigenvalues(2, true as never), /eigenvalues: options: true, expected \{ vectors, which, /],
    [() => H.density(8 as never), /density: options: 8, expected \{ sigma, starts, steps, seed \}/],
    [
      () => H.logDeterminant({ sigma: 1 } as never),
      /logDeterminant: sigma: is no option, expected \{ shift, /,
    ],
    [() => H.quadrature({ start: 1 } as never), /quadrature: start: is no option, expected \{ starts, /],
    [
      () => prefixed.measure(noise as never),
      /measure: quantity: a function given, which is yet to be called/,
    ],
    [
      () => prefixed.measure({ noise } as never),
      /measure: noise: a function given, which is yet to be called/,
    ],
    [
      () => prefixed.measure({ noise: 3 } as never),
      /measure: noise: 3 given, expected a quantity such as noise\(\)/,
    ],
    [
      () => prefixed.measure([noise()] as never),
      /measure: quantity: \[\{.*given, expected .*, or several by name/,
    ],
    [() => prefixed.measure(undefined as never), /measure: quantity: nothing given/],
    [() => prefixed.measure(prefixed.loss() as never), /measure: quantity: is a Promise: await it/],
  ];
  for (const [ask, message] of unmade) {
    await expect(ask()).rejects.toThrow(InputError);
    await expect(ask()).rejects.toThrow(message);
  }

  // Finite weights whose losses are not.
  const huge = made(MLP, [4], 5);
  (huge.weights.get('2.weight') as Float32Array).fill(3e38);
  const lost = await point(gpu, huge);
  for (const asked of [() => lost.loss(), () => lost.gradient(), () => lost.measure(noise())]) {
    await expect(asked()).rejects.toThrow(
      /d\.safetensors: example 0: its loss is (NaN|Infinity), expected a finite/,
    );
  }
  for (const at of [prefixed, coupled, lost]) at.dispose();
});

const PRODUCTS: Record<string, (at: ModelPoint) => Promise<unknown>> = {
  'a gradient': (at) => at.gradient(),
  'a loss': (at) => at.loss(),
  noise: (at) => at.measure(noise()),
  'several quantities': (at) => at.measure({ tests: gradientTests(), moments: moments() }),
  products: async (at) => {
    const v = at.vector({ random: 'signs' });
    for (let i = 0; i < 2; i++) await at.hessian().times([v, v]);
    return v.dot((await at.hessian().times([v, v]))[1]!);
  },
  eigenvectors: (at) => at.hessian().eigenvalues(2, { vectors: true }),
};

for (const [name, work] of Object.entries(PRODUCTS)) {
  test(`${name}: nothing is left of a point that is disposed of, whichever buffer could not be made`, async () => {
    const gpu = await testGpu();
    const of = made(MLP, [4], 5);
    const watch = watchBuffers(gpu);
    try {
      const before = watch.made();
      {
        using at = await point(gpu, of);
        await work(at);
        expect(watch.held()).toBeGreaterThan(0);
      }
      expect(watch.held()).toBe(0);
      const count = watch.made() - before;
      const some = Array.from({ length: count }, (_, i) => i).filter(
        (i) => i < 12 || i % 9 === 0 || i > count - 3,
      );
      for (const k of some) {
        watch.failAfter(k);
        const at = await point(gpu, of).catch((error: Error) => {
          expect(error.message).toContain(NO_MEMORY);
          return null;
        });
        if (at) {
          await expect(work(at), `buffer ${k} of ${count}`).rejects.toThrow(NO_MEMORY);
          // The point itself is as it was, and has it at the next try.
          await work(at);
          at.dispose();
        }
        await expect.poll(() => watch.held(), { message: `buffer ${k} of ${count}`, interval: 2 }).toBe(0);
      }
    } finally {
      watch.stop();
    }
  });
}

test('a vector is freed by itself, and nothing can be asked of a point that is gone', async () => {
  const gpu = await testGpu();
  const at = await point(gpu, made(MLP, [4], 5));
  const H = at.hessian();
  const v = at.vector({ random: 'signs' });
  // The second product keeps what does not vary.
  for (let i = 0; i < 2; i++) await H.times(v);
  const watch = watchBuffers(gpu);
  for (let i = 0; i < 3; i++) {
    using Hv = await H.times(v);
    await Hv.read();
  }
  expect(watch.held()).toBe(0);
  watch.stop();
  const gone = await H.times(v);
  gone.dispose();
  await expect(H.times(gone)).rejects.toThrow(/this vector \(.*\) is disposed of/);
  await expect(v.dot(gone)).rejects.toThrow(/this vector \(.*\) is disposed of/);
  H.dispose();
  await expect(H.times(v)).rejects.toThrow(/this matrix is disposed of/);
  expect(await (await at.hessian().times(v)).norm()).toBeGreaterThan(0);
  // What was asked for before is done.
  const asked = Promise.allSettled([at.loss(), at.hessian().times(v)]);
  at.dispose();
  at.dispose();
  expect(await asked).toMatchObject([
    { status: 'fulfilled', value: expect.any(Number) },
    { status: 'rejected', reason: { message: expect.stringMatching(/this point is disposed of/) } },
  ]);
  expect(() => at.hessian()).toThrow(/disposed of/);
  await expect(at.gradient()).rejects.toThrow(/disposed of/);
  await expect(H.times(v)).rejects.toThrow(/disposed of/);
  await expect(at.measure(noise())).rejects.toThrow(/disposed of/);
});
