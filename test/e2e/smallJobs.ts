import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { basin } from './basin.ts';

/** A command of a few seconds, and what it writes. */
export interface SmallJob {
  /** Against a folder that `prepareSmallJobs` has made, outputs below `out/`. */
  readonly args: string;
  /** Its numbers are times. */
  readonly varies?: boolean;
}

const DATA = 'gaussian-clusters?examples=600&test=60&classes=3&dims=8';
const MODEL = {
  layers: [
    { type: 'Linear', in_features: 8, out_features: 40 },
    { type: 'ReLU' },
    { type: 'Linear', in_features: 40, out_features: 3 },
  ],
  loss: 'cross_entropy',
};
const TRAIN = `train --model model.json --data ${DATA} --lr 0.1`;

/** Every command that keeps something. */
export const SMALL_JOBS: readonly SmallJob[] = [
  {
    args: `${TRAIN} --steps 400 --snapshot out/run.snapshot --snapshot-every 20 --resume --out out/r.json --tensors out/t.safetensors`,
  },
  {
    args: `measure --model model.json --weights w.safetensors --data ${DATA} --density --starts 2 --steps 8 --out out/m.json --tensors out/t.safetensors --figure out/m.svg`,
  },
  {
    args: `landscape line --model model.json --data ${DATA} --from w.safetensors --to w.safetensors --out out/l.json --figure out/l.svg`,
  },
  { args: 'reproduce evidence --preset quick --out out' },
  { args: 'tune --shapes NN:16x16x16 --json out/times.json', varies: true },
];

/** What a command is called in a test's name. */
export function nameOf({ args }: SmallJob): string {
  return args.split(' ', 1)[0]!;
}

/** Writes the files that the commands take; their outputs' folder is made by whoever runs them. */
export async function prepareSmallJobs(folder: string): Promise<void> {
  writeFileSync(join(folder, 'model.json'), JSON.stringify(MODEL));
  const made = `${TRAIN} --steps 5 --tensors w.safetensors --out w.json`;
  const { exitCode, stderr } = await basin(made.split(' '), folder);
  expect(exitCode, stderr).toBe(0);
}
