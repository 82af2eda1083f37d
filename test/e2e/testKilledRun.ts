import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { threefry2x32 } from '../../src/random/threefry.ts';
import { basin, type Ended, inFolder, ROOT } from './basin.ts';

const MODEL = {
  layers: [
    { type: 'Linear', in_features: 8, out_features: 24 },
    { type: 'BatchNorm1d', num_features: 24 },
    { type: 'ReLU' },
    { type: 'Dropout', p: 0.1 },
    { type: 'Linear', in_features: 24, out_features: 3 },
  ],
  loss: 'cross_entropy',
};
const [STEPS, CHANGE, CAPTURED, MEASURED] = [300, 100, 170, 196];
export const TRAIN = {
  model: 'model.json',
  data: 'gaussian-clusters?examples=2000&test=100&classes=3&dims=8',
  batch_schedule: [
    { from_step: 0, batch_size: 16 },
    { from_step: CHANGE, batch_size: 32 },
  ],
  steps: STEPS,
  seed: 3,
  optimizer: { lr: 0.1, momentum: 0.9 },
  averaging: { type: 'swa', start: 150, every: 20, bn_batch_size: 20 },
  measure: { every: 13, small_batch: 4, tests: true },
  replicas: [{ seed: 1 }, { seed: 2 }],
  snapshot: { file: 'run.snapshot', every: 3 },
};

/** By which the moments are drawn at which a run is killed. */
const SEED = Number(process.env.BASIN_KILL_SEED ?? Date.now() % 2 ** 32);

/** When a run is killed: so long after it has come to a step, or after what it says of the evaluation at its end. */
interface Kill {
  readonly what: string;
  readonly step: number;
  readonly milliseconds: number;
}

function drawKills(kills: number): Kill[] {
  const draw = (of: number, below: number): number =>
    Math.floor((threefry2x32(SEED, 0, of, 0)[0] / 2 ** 32) * below);
  const chosen: [what: string, step: number][] = [
    ['within the pass for BatchNorm’s statistics', STEPS],
    ['at the change of the batch', CHANGE],
    ['anywhere', 1 + draw(0, STEPS - 10)],
    ['between two captures', CAPTURED],
    ['right after a measured step', MEASURED],
  ];
  return Array.from({ length: kills }, (_, k): Kill => {
    const [what, step] = chosen[k] ?? ['anywhere', 1 + draw(2 * k, STEPS - 10)];
    return { what, step, milliseconds: draw(2 * k + 1, step === STEPS ? 25 : 40) };
  }).sort((a, b) => a.step - b.step);
}

/** The step of a snapshot that may be replaced at any moment, from its header; 0 where there is none. */
export function stepOf(file: string): number {
  if (!existsSync(file)) return 0;
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(65_536);
    readSync(descriptor, head, 0, head.length, 0);
    return Number(/"step":"(\d+)"/.exec(head.toString('utf8'))?.[1] ?? 0);
  } finally {
    closeSync(descriptor);
  }
}

/** Runs a command until it is killed, by a signal that no process sees. */
function runUntil(folder: string, args: string[], { step, milliseconds }: Kill): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], {
    cwd: folder,
    env: { ...process.env, BASIN_KERNELS: join(folder, 'no kernels.json') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const watch = setInterval(() => {
    // The pass is between what is said of the last weights and of those with recomputed statistics.
    const there =
      step === STEPS
        ? /^.*step 300, test loss \d/m.test(said)
        : stepOf(join(folder, 'run.snapshot')) >= step && /^training/m.test(said);
    if (!there) return;
    clearInterval(watch);
    setTimeout(() => child.kill('SIGKILL'), milliseconds);
  }, 2);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      if (signal === 'SIGKILL') resolve(said);
      else reject(new Error(`ended with ${code} before it was killed: ${said}`));
    });
  });
}

/** What a run leaves behind, but for its date. */
function left(folder: string): { result: string; tensors: Buffer } {
  const result = readFileSync(join(folder, 'r.json'), 'utf8');
  return { result: result.replace(/"date": ".*"/, ''), tensors: readFileSync(join(folder, 't.safetensors')) };
}

/** Writes the run and its model. */
export function prepare(folder: string, changes = {}): void {
  writeFileSync(join(folder, 'model.json'), JSON.stringify(MODEL));
  writeFileSync(join(folder, 'train.json'), JSON.stringify({ ...TRAIN, ...changes }));
}

export const RUN = ['train', 'train.json', '--out', 'r.json', '--tensors', 't.safetensors', '--runtime'];

/** A run that is killed so often gives the bytes of one never stopped: at a step, or at moments that are drawn. */
export function testKilledRun(runtime: 'node' | 'browser', often: number | Kill[]): void {
  const kills = typeof often === 'number' ? drawKills(often) : often;
  test(`a run that is killed, ${kills.length} ×, in the ${runtime} runtime gives the bytes of one never stopped`, {
    timeout: 100_000 + 30_000 * kills.length,
  }, async () => {
    if (often === kills.length) console.info(`BASIN_KILLS=${often} BASIN_KILL_SEED=${SEED}`);
    await inFolder(async (folder) => {
      prepare(folder);
      const command = [...RUN, runtime];
      const whole = await basin(command, folder);
      expect(whole.exitCode, whole.stderr).toBe(0);
      const expected = left(folder);
      for (const name of ['r.json', 't.safetensors', 'run.snapshot']) rmSync(join(folder, name));

      for (const kill of kills) {
        const said = await runUntil(folder, [...command, '--resume'], kill);
        const step = stepOf(join(folder, 'run.snapshot'));
        const begun = /goes on after step \d+|begins at its start/.exec(said)![0];
        const after =
          kill.step === STEPS && /statistics recomputed/.test(said) ? ', within its evaluation' : '';
        console.info(`${kill.what}${after}: the run ${begun}, was killed with a snapshot of step ${step}`);
        expect(existsSync(join(folder, 'r.json'))).toBe(false);
      }
      const ended: Ended = await basin([...command, '--resume'], folder);
      expect(ended.exitCode, ended.stderr).toBe(0);
      expect(ended.stderr).toMatch(/^run\.snapshot: the run goes on after step \d+ of 300$/m);
      const found = left(folder);
      expect(found.result).toBe(expected.result);
      expect(found.tensors.equals(expected.tensors)).toBe(true);
      // What was being written when the signal came is gone.
      expect(readdirSync(folder).sort()).toEqual([
        'model.json',
        'r.json',
        'run.snapshot',
        't.safetensors',
        'train.json',
      ]);
    });
  });
}
