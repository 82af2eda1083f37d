import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSafetensorsFile, writeSafetensors } from '../../src/data/safetensors.ts';
import { basin, inFolder } from './basin.ts';
import { prepare, RUN, stepOf, TRAIN, testKilledRun } from './testKilledRun.ts';

testKilledRun('node', 3);
testKilledRun('browser', [{ what: 'in the browser', step: 50, milliseconds: 20 }]);

test('what cannot be resumed is refused by name, and the snapshot stays as it is', async () => {
  await inFolder(async (folder) => {
    const writeData = (first: number): void => {
      const x = Float32Array.from({ length: 40 * 8 }, (_, i) => Math.sin(i + 1));
      x[0] = first;
      const y = Int32Array.from({ length: 40 }, (_, n) => n % 3);
      const data = writeSafetensors(
        new Map([
          ['x', { dtype: 'F32', shape: [40, 8], data: x }],
          ['y', { dtype: 'I32', shape: [40], data: y }],
        ]),
      );
      writeFileSync(join(folder, 'data.safetensors'), data);
    };
    const short = { ...TRAIN, data: 'data.safetensors', batch_schedule: undefined, batch_size: 8, steps: 8 };
    const changes = { ...short, averaging: undefined, measure: undefined, replicas: undefined };
    writeData(0);
    prepare(folder, changes);
    const at = join(folder, 'run.snapshot');
    const refused = async (args: string[], message: RegExp): Promise<void> => {
      const { exitCode, stdout, stderr } = await basin([...RUN, 'node', ...args], folder);
      expect(stderr).toMatch(message);
      expect([stdout, exitCode]).toEqual(['', 2]);
      expect(existsSync(join(folder, 'r.json'))).toBe(false);
    };
    await refused(['--out', 'run.snapshot'], /^basin: .*run\.snapshot: snapshot: is the same file as --out/m);
    await refused(
      ['--snapshot', 'gone/s'],
      /^basin: .*gone.s: snapshot: cannot be written: .*gone is no folder/m,
    );
    await refused(
      ['--snapshot', 'data.safetensors'],
      /^basin: .*data\.safetensors: snapshot: is an input of/m,
    );
    expect(readdirSync(folder).sort()).toEqual(['data.safetensors', 'model.json', 'train.json']);

    const begun = await basin([...RUN, 'node', '--resume'], folder);
    expect(begun.exitCode, begun.stderr).toBe(0);
    expect(begun.stderr).toMatch(/^there is no run\.snapshot yet: the run begins at its start$/m);
    for (const name of ['r.json', 't.safetensors']) rmSync(join(folder, name));
    const whole = readFileSync(at);
    await refused(
      ['--resume', '--lr', '0.2'],
      /^basin: run\.snapshot: optimizer\.lr: is 0\.1 in the snapshot's/m,
    );
    writeData(0.5);
    await refused(
      ['--resume'],
      /^basin: run\.snapshot: data: "data\.safetensors" does not hold what the snapshot's run was given/m,
    );
    writeData(0);
    writeFileSync(at, whole.subarray(0, 5000));
    await refused(['--resume'], /^basin: run\.snapshot: \w+: .*cut short/m);
    expect(readFileSync(at).equals(whole.subarray(0, 5000))).toBe(true);
    writeFileSync(at, whole);
    // Files count by what they hold: this one has moved.
    renameSync(join(folder, 'data.safetensors'), join(folder, 'moved.safetensors'));
    const moved = await basin([...RUN, 'node', '--resume', '--data', 'moved.safetensors'], folder);
    expect(moved.exitCode, moved.stderr).toBe(0);
    prepare(folder, { ...changes, snapshot: undefined });
    rmSync(join(folder, 'r.json'));
    await refused(['--resume'], /^basin: train\.json: snapshot: missing, expected \{"file", "every"\}/m);
  });
});

test('a snapshot that cannot be written ends the run with an error that names it, and the last whole one stays', async () => {
  await inFolder(async (folder) => {
    mkdirSync(join(folder, 'kept'));
    const data = 'gaussian-clusters?examples=64&classes=3&dims=4';
    const run = [
      'train',
      '--data',
      data,
      '--hidden',
      '2',
      '--batch-size',
      '8',
      '--lr',
      '0.1',
      '--out',
      'r.json',
    ];
    const snapshots = ['--steps', '10000000', '--snapshot', 'kept/s', '--snapshot-every', '50'];
    const moving = setInterval(() => {
      if (stepOf(join(folder, 'kept', 's')) === 0) return;
      clearInterval(moving);
      renameSync(join(folder, 'kept'), join(folder, 'moved'));
    }, 2);
    const { exitCode, stderr } = await basin([...run, ...snapshots, '--runtime', 'node'], folder);
    clearInterval(moving);
    expect(stderr).toMatch(/^basin: .*kept.s: cannot be written: its folder is gone$/m);
    expect(exitCode).toBe(1);
    expect(readdirSync(folder)).toEqual(['moved']);
    const { tensors, metadata } = readSafetensorsFile('s', readFileSync(join(folder, 'moved', 's')));
    expect(Number(metadata.step) % 50).toBe(0);
    expect(tensors.get('readings')!.data).toHaveLength(Number(metadata.step));
  });
});
