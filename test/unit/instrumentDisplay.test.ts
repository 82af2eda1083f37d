import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureSummary } from '../../src/cli/measureSummary.ts';
import { Progress } from '../../src/cli/progress.ts';
import { renderReport } from '../../src/cli/report.ts';
import type { JobSpec } from '../../src/jobs/job.ts';
import { instruments } from '../../src/measure/instruments.ts';
import type { Reading } from '../../src/train/reading.ts';
import { defaultSettings } from '../../src/web/lab/labFields.ts';
import { parseSettings } from '../../src/web/lab/parseSettings.ts';
import { Recording } from '../../src/web/lab/recording.ts';
import { lossVariance } from '../gpu/lossVariance.ts';

beforeAll(() => {
  instruments.push(lossVariance);
});
afterAll(() => {
  instruments.pop();
});

const reading = (step: number, variance?: number): Reading => ({
  replica: 0,
  step,
  batchSize: 8,
  learningRate: 0.1,
  temperature: 0.0125,
  loss: 1,
  ...(variance === undefined ? {} : { instruments: { loss_variance: { variance } } }),
});
const readings = [reading(1, 0.25), reading(2), reading(3, 0.5)];

test('a quantity in the list has a chart on the page', () => {
  const { spec } = parseSettings({ ...defaultSettings, instruments: 'loss_variance', measureEvery: '2' });
  expect(spec!.instruments).toEqual([{ type: 'loss_variance', every: 2 }]);
  const recording = new Recording(spec!);
  recording.take({ type: 'readings', readings }, 1);
  const drawn = recording.quantities.find(({ name }) => name === 'Variance of the losses')!;
  const table = recording.table(drawn);
  expect(table.steps).toEqual([1, 3]);
  expect(table.columns(drawn.id)).toEqual([[0.25, 0.5]]);
  const { spec: plain } = parseSettings(defaultSettings);
  expect(new Recording(plain!).quantities.map(({ id }) => id)).not.toContain(drawn.id);
});

test('… and lines on the terminal, of a run and of a measurement, and a figure in the report', () => {
  const stream = new PassThrough();
  const progress = new Progress({ stream: stream as unknown as NodeJS.WriteStream });
  progress.show({ type: 'readings', readings });
  progress.show({ type: 'phase', phase: 'evaluating' });
  progress.close();
  expect(String(stream.read())).toContain('step 3, Var_ℓ 0.5');

  const result = { examples: 8, parameters: 3, mode: 'train', loss: 1, gradNormSq: 1, warnings: [] };
  const summary = measureSummary({ ...result, quantities: { loss_variance: { variance: 0.125 } } });
  expect(summary).toMatch(/Var_ℓ +0\.125/);

  const spec = {
    job: 'train',
    data: 'mnist',
    optimizer: { lr: 0.1 },
    instruments: [{ type: 'loss_variance', every: 2 }],
  };
  const html = renderReport({
    title: 'run',
    adapter: undefined,
    spec: spec as unknown as JobSpec,
    readings,
    evaluations: [],
    result: { finalLoss: 1 },
  });
  expect(html).toContain('Variance of the losses');
  expect(html).toContain('"values":[0.25,0.5]');
});
