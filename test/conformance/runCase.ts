import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Gpu } from '../../src/gpu/device.ts';
import { type JobSpec, runJob } from '../../src/jobs/job.ts';
import { compareLandscape, type Model } from './compareLandscape.ts';
import { compareMeasure } from './compareMeasure.ts';
import { compareSharpness } from './compareSharpness.ts';
import { compareTrain } from './compareTrain.ts';
import type { Deviation, Tensors } from './deviation.ts';
import { lossesAt } from './lossesAt.ts';
import { readTensors } from './readTensors.ts';

const CASES = fileURLToPath(new URL('../fixtures/cases/', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('../../src/cli/launch.mjs', import.meta.url));

/** What a job leaves behind, by whichever way it was run. */
export interface Outcome {
  result: Record<string, unknown>;
  tensors: Tensors;
  exitCode: number;
}

/** Names of the cases in test/fixtures/cases, each beginning with its job. */
export function caseNames(): string[] {
  return readdirSync(CASES).sort();
}

/** Parameters up to which the exact trace is asked for as well: a Hessian product each. */
const TRACED = 200;

/** Runs a case by the job code in this process. `hvp`: with the case's vector. Curvature is exact. */
export async function runInProcess(gpu: Gpu, name: string, hvp: boolean): Promise<Outcome> {
  const job = jobOf(name);
  const spec: Record<string, unknown> = { job, ...json(name, `${job}.json`) };
  if (!hvp) delete spec.hvp;
  if (job === 'measure') {
    const trace = (json(name, 'expected.json').parameters as number) <= TRACED;
    Object.assign(spec, { eigenvalues: 5, exact: true, trace });
  }
  const host = { read: (path: string): Promise<Uint8Array> => readFile(join(CASES, name, path)) };
  for await (const event of runJob(gpu, spec as JobSpec, host)) {
    if (event.type !== 'result') continue;
    const tensors = event.tensors ? readTensors(event.tensors) : new Map();
    // By way of text, as the command line writes it: a NaN becomes null there.
    return { result: JSON.parse(JSON.stringify(event.result)), tensors, exitCode: event.exitCode };
  }
  throw new Error(`${name}: the job ended without a result`);
}

/** Runs a case as a user does, from another folder. `files` false: the result comes on standard output. */
export async function runCommand(name: string, hvp: boolean, files = true): Promise<Outcome> {
  const job = jobOf(name);
  const folder = mkdtempSync(join(tmpdir(), 'basin-'));
  try {
    const out = join(folder, 'result.json');
    const tensors = join(folder, 'result.safetensors');
    const args = job === 'train' ? [join(CASES, name, 'train.json')] : optionsOf(name, job, hvp);
    if (files) args.push('--out', out, '--tensors', tensors);
    const { stdout, stderr, exitCode } = await command([job, ...args], folder);
    const text = files && existsSync(out) ? readFileSync(out, 'utf8') : stdout;
    if (files && stdout.trim() !== '') throw new Error(`${name}: unasked on standard output: ${stdout}`);
    try {
      const result = JSON.parse(text);
      return {
        result,
        tensors: existsSync(tensors) ? readTensors(readFileSync(tensors)) : new Map(),
        exitCode,
      };
    } catch {
      throw new Error(`${name}: exit code ${exitCode}, no JSON in ${JSON.stringify(text)}\n${stderr}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The outcome against the case's expected files. `curvature`: Hessian products must be among the results. What a result
 * says of points that it chose itself is computed by other jobs on `gpu`.
 */
export async function compareCase(
  gpu: Gpu,
  name: string,
  outcome: Outcome,
  curvature: boolean,
): Promise<Deviation[]> {
  const { result, tensors } = outcome;
  const expected = json(name, 'expected.json');
  const expectedTensors = tensorsOf(name, 'expected.safetensors');
  const job = jobOf(name);
  if (job === 'measure') return compareMeasure(result, tensors, expected, expectedTensors, curvature);
  if (job === 'train') {
    const spec = json(name, 'train.json') as { weights: string; replicas?: { weights?: string }[] };
    const startOf = (replica: number) => tensorsOf(name, spec.replicas?.[replica]?.weights ?? spec.weights);
    return compareTrain(result, tensors, expected, expectedTensors, startOf);
  }
  const spec = json(name, `${job}.json`);
  const read = (path: string): Promise<Uint8Array> => readFile(join(CASES, name, path));
  const at = lossesAt(gpu, read);
  const start = typeof spec.weights === 'string' ? tensorsOf(name, spec.weights) : new Map();
  if (job === 'sharpness') {
    return compareSharpness(result, tensors, expected, expectedTensors, start, (weights) =>
      at.measured(weights, spec.eval === true),
    );
  }
  const model = json(name, 'model.json') as unknown as Model;
  return compareLandscape(result, tensors, expected, spec, model, start, (weights, test) => {
    const file = test ? 'test.safetensors' : 'data.safetensors';
    return spec.bn_batch_size === undefined
      ? at.evaluated(weights, file)
      : at.recomputed(weights, spec.bn_batch_size as number);
  });
}

/** 3 when a run alone diverges, else 0. */
export function expectedExitCode(name: string): number {
  return json(name, 'expected.json').diverged ? 3 : 0;
}

const FILES = ['model', 'weights', 'data', 'test', 'hvp', 'from', 'to', 'through'];

/** A case's job as options of the command line; of a measure the vector of `hvp` and eigenvalues as asked for. */
function optionsOf(name: string, job: string, hvp: boolean): string[] {
  const { kind, mark = {}, ...spec } = json(name, `${job}.json`);
  const path = (file: unknown) => join(CASES, name, String(file));
  const options = Object.entries(spec).flatMap(([key, value]) => {
    if (key === 'hvp' && !hvp) return [];
    const values = Array.isArray(value) ? value : value === true ? [] : [value];
    return [
      `--${key.replaceAll('_', '-')}`,
      ...values.map((one) => (FILES.includes(key) ? path(one) : String(one))),
    ];
  });
  const marks = Object.entries(mark as Record<string, string>).map(([key, file]) => `${key}=${path(file)}`);
  return [
    ...(kind ? [String(kind)] : []),
    ...options,
    ...(marks.length > 0 ? ['--mark', ...marks] : []),
    ...(job === 'measure' ? ['--eigenvalues', '5'] : []),
  ];
}

const jobs = ['measure', 'train', 'sharpness', 'landscape'] as const;

function jobOf(name: string): (typeof jobs)[number] {
  return jobs.find((job) => name.startsWith(`${job}-`))!;
}

function json(name: string, file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(CASES, name, file), 'utf8'));
}

function tensorsOf(name: string, file: string): Tensors {
  return readTensors(readFileSync(join(CASES, name, file)));
}

function command(args: string[], cwd: string): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [LAUNCHER, ...args], {
      cwd,
      // What this machine's user has tuned is no part of a case.
      env: { ...process.env, BASIN_KERNELS: join(cwd, 'no kernels.json') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ stdout, stderr, exitCode: code ?? -1 }));
  });
}
