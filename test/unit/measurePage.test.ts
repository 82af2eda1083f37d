import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { renderMarkdown } from '../../src/build/markdown.ts';
import { parseMeasureSpec } from '../../src/jobs/measure/measureSpec.ts';
import { parseSharpnessSpec } from '../../src/jobs/sharpness/sharpnessSpec.ts';
import type { SharpnessResult } from '../../src/measure/sharpness/sharpnessResult.ts';
import { commandLine } from '../../src/web/commandLine.ts';
import { type Field, initialValue } from '../../src/web/fields/field.ts';
import { dataNames } from '../../src/web/files/dataNames.ts';
import { givenFile } from '../../src/web/files/givenFile.ts';
import { modelOf, toldModel } from '../../src/web/files/proposeModel.ts';
import { withKernels } from '../../src/web/files/withKernels.ts';
import { measureCards, sharpnessCards } from '../../src/web/measure/cards.ts';
import { costsOf, costText } from '../../src/web/measure/cost.ts';
import { describeJobs } from '../../src/web/measure/describeJobs.ts';
import { measureFigures, measureTables } from '../../src/web/measure/found.ts';
import type { MeasureResult } from '../../src/web/measure/measureResult.ts';
import { numbersCsv } from '../../src/web/measure/numbersCsv.ts';

const given = [{ label: 'run.safetensors: swa', file: 'run.safetensors', prefix: 'swa.' }];

function filled(values: Readonly<Record<string, string>> = {}): (field: Field) => string {
  return (field) => {
    const isChosen = field.input.is === 'weights' && field.input.place !== null;
    return values[field.key] ?? (isChosen ? given[0]!.label : initialValue(field));
  };
}

/** As `basin measure --trace --eigenvalues 1 --tests` gives it, shortened. */
const RESULT = {
  mode: 'train',
  examples: 3,
  parameters: 4,
  loss: 0.5,
  perExampleLoss: [0.25, 0.5, 0.75],
  gradNormSq: 0.25,
  perExampleGradNormSq: [1, 2, 3],
  gradNormSqUnbiased: 0.125,
  gradNormSqUnbiasedStderr: 0.0625,
  gradNormSqUnbiasedInterval: [-1, 2],
  traceCovariance: 2,
  traceCovarianceStderr: 0.5,
  traceCovarianceInterval: [1, 3],
  bSimple: 16,
  bSimpleStderr: 40,
  bSimpleInterval: [0.5, null],
  bSimpleResolved: false,
  gHg: 3,
  gHgStderr: null,
  gHgInterval: null,
  epsMax: 0.1,
  epsMaxStderr: 0.01,
  epsMaxInterval: [0.08, 0.12],
  deltaLossMax: 0.01,
  deltaLossMaxStderr: 0.001,
  deltaLossMaxInterval: [0.008, 0.012],
  traceHessianCovariance: 7,
  traceHessianCovarianceStderr: 1,
  traceHessianCovarianceProbeStderr: 0.5,
  traceHessianCovarianceInterval: [5, 9],
  bNoise: 20,
  bNoiseStderr: 2,
  bNoiseInterval: [16, 24],
  layers: { '0.weight': { gradNormSq: 0.25, traceCovariance: 2, bSimple: 16 } },
  hessian: {
    eigenvalues: [{ value: 8, residual: 0.001 }],
    trace: { value: 12, stderr: 0.25, probes: 16 },
  },
  gradientTests: {
    norm: { value: 0.5, stderr: 0.1 },
    innerProduct: { value: 0.3, stderr: null },
    orthogonality: { value: 0.4, stderr: null },
  },
  warnings: [],
} as unknown as MeasureResult;

const SHARPNESS = {
  mode: 'train',
  examples: 3,
  parameters: 4,
  loss: 0.5,
  gradNorm: 0.5,
  keskar: [
    {
      epsilon: 1e-3,
      subspace: null,
      phi: 2,
      phiFirstOrder: 1.5,
      maximum: 0.53,
      evaluations: 80,
      solver: 'sign-ascent',
    },
  ],
  sam: { rho: 0.05, value: 0.02 },
  adaptive: { rho: 0.5, eta: 0, value: null },
  warnings: [],
} as unknown as SharpnessResult;

test('both jobs are of the same files; what the form leaves as it is they have by themselves', () => {
  const files = { model: 'model.json', data: 'mnist?subset=100' };
  const { specs } = describeJobs(files, filled(), given);
  const point = {
    model: 'model.json',
    weights: 'run.safetensors',
    weights_prefix: 'swa.',
    data: 'mnist?subset=100',
  };
  expect(specs).toEqual([
    { job: 'measure', ...point, tests: true, eigenvalues: 5, trace: true, density: true },
    { job: 'sharpness', ...point },
  ]);
  expect(specs!.map(commandLine)).toEqual([
    "basin measure --model model.json --weights run.safetensors --weights-prefix swa. --data 'mnist?subset=100' --tests --eigenvalues 5 --trace --density",
    "basin sharpness --model model.json --weights run.safetensors --weights-prefix swa. --data 'mnist?subset=100'",
  ]);
  // What the fields show is what the jobs take.
  expect(parseMeasureSpec(specs![0] as never)).toMatchObject({
    probes: 16,
    starts: 8,
    steps: 64,
    seed: 0,
    operator: 'hessian',
    ghost_order: 'file',
  });
  expect(parseSharpnessSpec(specs![1] as never)).toMatchObject({
    epsilon: [1e-3, 5e-4],
    iterations: 10,
    rho: 0.05,
    adaptive_rho: 0.5,
    eta: 0,
  });
});

test('what it costs is told in passes, as far as a description tells it', () => {
  const files = { model: 'model.json', data: 'mnist' };
  const text = (values: Readonly<Record<string, string>>) =>
    costText(costsOf(describeJobs(files, filled(values), given).specs!));
  expect(text({})).toBe(
    'About 671 passes over the data: density 512, sharpness 123, gradient and noise 20, trace 16; and some tens for the ' +
      'eigenvalues, or one a parameter where there are few.',
  );
  expect(text({ sharpness: '', density: '', eigenvalues: '', tests: '', trace: '', exact: 'on' })).toBe(
    'About 3 passes over the data: gradient and noise 3; and one an example and, for the trace, a parameter.',
  );
  expect(text({ density: '', eigenvalues: '', log_det: '1', starts: '2', steps: '9', sharpness: '' })).toBe(
    'About 54 passes over the data: gradient and noise 20, density 18, trace 16.',
  );
});

test('each option is told to the job that has it, and wrong ones by their fields', () => {
  const files = { model: 'model.json', data: 'mnist' };
  const asked = {
    seed: '3',
    batch_sharpness: 'on',
    density: '',
    log_det: '-0.5',
    histogram: '101',
    epsilon: '1e-2',
  };
  const { specs } = describeJobs(files, filled(asked), given);
  expect(specs![0]).toMatchObject({
    seed: 3,
    quantities: ['batch_sharpness'],
    log_det: -0.5,
    histogram: 101,
  });
  expect(specs![0]).not.toHaveProperty('density');
  expect(specs![1]).toMatchObject({ seed: 3, epsilon: [0.01] });
  expect(describeJobs(files, filled({ sharpness: '', epsilon: 'none' }), given).specs).toHaveLength(1);
  expect(
    describeJobs(
      { model: undefined, data: '' },
      filled({ probes: '1', epsilon: 'none', hvp: given[0]!.label }),
      given,
    ).errors,
  ).toEqual({
    files: 'Expected a model.json.',
    data: 'Expected a built-in data set or the name of a given file.',
    probes: 'Expected a whole number of at least 2, found 1.',
    hvp: 'Expected a file whose tensors have no prefix.',
    epsilon: '“none” is no number.',
  });
});

test('each number has a card with its error and interval, and leads to a heading of the documentation', () => {
  const groups = [...measureCards(RESULT), sharpnessCards(SHARPNESS)];
  const cards = groups.flatMap(({ cards }) => cards);
  expect(cards.map(({ key }) => key)).toEqual([
    'loss',
    'gradNormSq',
    'gradNormSqUnbiased',
    'traceCovariance',
    'bSimple',
    'gHg',
    'epsMax',
    'deltaLossMax',
    'traceHessianCovariance',
    'bNoise',
    'hessian.eigenvalues.0.value',
    'hessian.trace.value',
    'gradientTests.norm.value',
    'gradientTests.innerProduct.value',
    'gradientTests.orthogonality.value',
    'keskar.0.phi',
    'sam.value',
    'adaptive.value',
  ]);
  // Each is the number that stands at its key.
  for (const { key, value } of cards) {
    const source = /^(keskar|sam|adaptive)\b/.test(key) ? SHARPNESS : RESULT;
    const at = key
      .split('.')
      .reduce<unknown>((place, part) => (place as Record<string, unknown>)[part], source);
    expect(value, key).toBe(at);
  }
  const anchors = anchorsOfDocs();
  for (const { href } of cards) expect(anchors).toContain(href.replace('./docs/', ''));
  expect(cards.find(({ key }) => key === 'bSimple')!.meaning).toMatch(/Not resolved/);
  expect(cards.find(({ key }) => key === 'traceHessianCovariance')!.meaning).toMatch(/0\.5 is of the random/);
  expect(numbersCsv(cards).split('\n').slice(0, 6)).toEqual([
    'key,value,stderr,low,high',
    'loss,0.5,,,',
    'gradNormSq,0.25,,,',
    'gradNormSqUnbiased,0.125,0.0625,-1,2',
    'traceCovariance,2,0.5,1,3',
    'bSimple,16,40,0.5,',
  ]);
});

/** `measure.html#error-bars`, and each page without an anchor. */
function anchorsOfDocs(): string[] {
  const folder = fileURLToPath(new URL('../../src/web/docs/', import.meta.url));
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const page = file.replace('.md', '.html');
      const { headings } = renderMarkdown(file, readFileSync(folder + file, 'utf8'), (href) => href);
      return [page, ...headings.map(({ id }) => `${page}#${id}`)];
    });
}

test('what is drawn and what is listed follows from what was measured', () => {
  expect(measureFigures(RESULT).map(({ name }) => name)).toEqual(['eigenvalues', 'examples']);
  const { figure } = measureFigures(RESULT)[0]!;
  expect(figure.panels[0]!.marks).toEqual([
    { mark: 'dots', name: 'largest', points: [{ x: 1, y: 8, interval: [7.999, 8.001] }] },
  ]);
  expect(measureTables(RESULT).map(({ rows }) => rows)).toEqual([
    [['0.weight', 0.25, 2, 16]],
    [['λ1', 8, 0.001]],
  ]);
});

test('a model is read off a checkpoint as far as shapes tell it, and what they leave open is refused by name', () => {
  const linear = [
    { name: '1.weight', shape: [16, 8] },
    { name: '1.bias', shape: [16] },
    { name: '2.weight', shape: [16] },
    { name: '2.bias', shape: [16] },
    { name: '2.running_mean', shape: [16] },
    { name: '2.running_var', shape: [16] },
    { name: '2.num_batches_tracked', shape: [] },
    { name: '4.weight', shape: [4, 16] },
  ];
  const told = toldModel(linear);
  expect(told.open).toEqual([0, 3]);
  expect(modelOf(told, 'Tanh', 'cross_entropy')).toEqual({
    layers: [
      { type: 'Flatten' },
      { type: 'Linear', in_features: 8, out_features: 16 },
      { type: 'BatchNorm1d', num_features: 16 },
      { type: 'Tanh' },
      { type: 'Linear', in_features: 16, out_features: 4, bias: false },
    ],
    loss: 'cross_entropy',
  });
  for (const [tensors, reason] of [
    [[{ name: '0.weight', shape: [8, 1, 3, 3] }], /^0\.weight \[8, 1, 3, 3\] is of a Conv2d/],
    [[{ name: 'fc1.weight', shape: [8, 4] }], /^fc1\.weight is no tensor of a plain nn\.Sequential/],
    [[{ name: '0.weight', shape: [8] }], /of no layer that shapes tell/],
    [
      [
        { name: '0.weight', shape: [8, 4] },
        { name: '3.weight', shape: [2, 8] },
      ],
      /^Layers 1 and 2 have no tensors/,
    ],
    [
      [
        { name: '0.weight', shape: [8, 4] },
        { name: '2.weight', shape: [2, 9] },
      ],
      /^Layer 2 takes 9 numbers/,
    ],
  ] as const) {
    expect(() => toldModel(tensors)).toThrow(reason);
  }
});

test('data are called as the command line calls them, and pickles are refused', async () => {
  const file = (name: string) => givenFile(new File(['x'], name));
  const given = await Promise.all(
    ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 'b_2.bin', 'b_1.bin', 'd.npz', 'model.json'].map(
      file,
    ),
  );
  expect(dataNames(given)).toEqual(['train-images-idx3-ubyte', 'd.npz', 'b_1.bin,b_2.bin']);
  await expect(file('model.pt')).rejects.toThrow(/model\.pt: file: is a pickle by its name.*save_file/);
});

test('a result that is given lends its kernels, and is called by its name on the command line', async () => {
  const record = { adapter: 'one', choices: [] };
  const files = [
    new File([JSON.stringify({ loss: 1, kernels: record })], 'earlier.json'),
    new File([JSON.stringify({ layers: [] })], 'model.json'),
  ];
  const given = await Promise.all(files.map(givenFile));
  expect(given.map(({ is }) => is)).toEqual(['result', 'model']);
  const asked = filled({ kernels: 'earlier.json', sharpness: '' });
  const weights = [{ label: 'run.safetensors: swa', file: 'run.safetensors' }];
  const [spec] = describeJobs({ model: 'model.json', data: 'mnist' }, asked, weights).specs!;
  expect(commandLine(spec!)).toContain(' --kernels earlier.json ');
  expect(withKernels(spec!, given)).toMatchObject({ job: 'measure', kernels: record });
});
