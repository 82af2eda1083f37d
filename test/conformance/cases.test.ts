// @vitest-environment node
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeGpu } from '../../src/cli/nodeGpu.ts';
import { type Gpu, openDevice } from '../../src/gpu/device.ts';
import { type Deviation, worstByKind } from './deviation.ts';
import {
  caseNames,
  compareCase,
  expectedExitCode,
  type Outcome,
  runCommand,
  runInProcess,
} from './runCase.ts';

/** Whether Hessian products must be there. Where they are reported they are compared in any case. */
const CURVATURE = true;

/** Run as a user does as well: a process each, so only what adds something. */
const BY_COMMAND = [
  'measure-7-5-3-relu',
  'measure-784-32-10-bytes',
  'measure-tiny-variance-mse',
  'train-nesterov-60',
  'train-swa-cyclic-90',
  'train-replicas-one-diverges',
  'train-diverges',
  'sharpness-7-5-3-relu',
  'landscape-plane-marks',
];
const MINUTES = 60_000;

const all: { name: string; deviation: Deviation }[] = [];

let gpu: Gpu;
beforeAll(async () => {
  const entry = await nodeGpu({ install: true });
  gpu = await openDevice({ gpu: entry?.gpu });
}, 10 * MINUTES);
afterAll(() => gpu?.dispose());

async function check(name: string, outcome: Outcome): Promise<void> {
  const deviations = await compareCase(gpu, name, outcome, CURVATURE);
  all.push(...deviations.map((deviation) => ({ name, deviation })));
  const failures = deviations.filter(({ ratio }) => !(ratio <= 1));
  const text = failures.map(
    ({ key, ratio, detail }) => `${key}: ${ratio.toPrecision(3)} × allowed (${detail})`,
  );
  expect(text.join('\n')).toBe('');
  expect(outcome.exitCode).toBe(expectedExitCode(name));
}

describe('float64 PyTorch, by the job code', () => {
  it.each(caseNames())(
    '%s',
    async (name) => check(name, await runInProcess(gpu, name, CURVATURE)),
    2 * MINUTES,
  );
});

describe('float64 PyTorch, by the command line', () => {
  it.each(BY_COMMAND)('%s', async (name) => check(name, await runCommand(name, CURVATURE)), 5 * MINUTES);

  it(
    'measure prints its result where no file is asked for',
    async () => {
      const { result, exitCode } = await runCommand('measure-one-example', CURVATURE, false);
      expect(exitCode).toBe(0);
      expect(result).toMatchObject({ examples: 1, traceCovariance: null, bSimple: null });
    },
    5 * MINUTES,
  );
});

afterAll(() => {
  const worst = worstByKind(all.map(({ deviation }) => deviation));
  const lines = [...worst].map(([kind, deviation]) => {
    const name = all.find((entry) => entry.deviation === deviation)?.name;
    return `  ${kind.padEnd(28)} ${deviation.ratio.toExponential(1).padStart(8)}  ${name} ${deviation.key}`;
  });
  console.log(['worst error as a share of what is allowed:', ...lines].join('\n'));
});
