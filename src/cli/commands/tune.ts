import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { currentRuntime } from '../../gpu/noAdapter.ts';
import { InputError } from '../../host/inputError.ts';
import { parseJson } from '../../host/parseJson.ts';
import { formatJson } from '../../present/formatJson.ts';
import { shippedTable } from '../../tuning/chosenKernels.ts';
import { EMPTY_TABLE, merge, parseTable, type TunedTable } from '../../tuning/tunedTable.ts';
import type { TuneResult } from '../../tuning/tuneJob.ts';
import { checkOutputs } from '../checkOutput.ts';
import { runInDeno } from '../denoRuntime.ts';
import { clearKernelCache, kernelCachePath, readKernelCache, writeKernelCache } from '../kernelCache.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { readInput } from '../readInput.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { save, saveJson } from '../saveResult.ts';
import { integer } from '../trainOptions.ts';
import { deviceLine, tuneTable } from '../tuneReport.ts';
import { runtimeOption } from './outputOptions.ts';

interface TuneOptions {
  runtime: HeadlessOptions['runtime'];
  model?: string;
  data?: string;
  batchSize?: number;
  shapes?: string[];
  json?: string;
  save: boolean;
  table?: string;
  explain?: boolean;
  clear?: boolean;
}

/** `basin tune`: measures which variant of each kernel is fastest here, and keeps that for later runs. */
export function registerTune(program: Command): void {
  program
    .command('tune')
    .description('measure which variant of each kernel is fastest on this device, for later runs')
    .option('--model <file>', "tune the shapes of this model.json's training step and measurements")
    .option('--data <name or file>', 'with --model: the data it takes (default: mnist)')
    .option('--batch-size <n>', 'with --model: examples a step (default: 64)', integer(1))
    .option('--shapes <list...>', 'tune these products: NN, NT or TN and m×n×k, as in NT:64x128x784')
    .option('--json <file>', 'also write all times there, as JSON')
    .option('--no-save', 'keep nothing for later runs')
    .option(
      '--table <file>',
      'also put the choices that differ from the defaults into this table (software adapters)',
    )
    .option('--explain', 'only show what the kept choices and those shipped rest on')
    .option('--clear', 'forget what was kept')
    .addOption(runtimeOption().choices(['auto', 'node', 'browser', 'deno']))
    .addHelpText(
      'after',
      '\nWithout --model or --shapes, the shapes of a 784-128-10 perceptron at batch sizes 64 and 512, of two small\n' +
        'convolutional networks, one of them with normalisations, and of their statistics and Hessian products.',
    )
    .action(tune);
}

async function tune(options: TuneOptions): Promise<void> {
  if (options.clear) {
    clearKernelCache();
    return;
  }
  if (options.explain) {
    await print(`${explanation()}\n`);
    return;
  }
  if (options.model === undefined && (options.data !== undefined || options.batchSize !== undefined)) {
    const option = options.data === undefined ? '--batch-size' : '--data';
    throw new InputError('command line', option, 'belongs to --model');
  }
  checkOutputs({ '--json': options.json, '--table': options.table });
  const table = options.table === undefined ? EMPTY_TABLE : tableAt(options.table);
  if (options.runtime === 'deno' && currentRuntime() !== 'deno') {
    const args = process.argv.slice(2);
    const at = args.findIndex((arg) => arg.startsWith('--runtime'));
    args.splice(at, args[at] === '--runtime' ? 2 : 1);
    process.exitCode = await runInDeno(args);
    return;
  }
  const result = await measure(options);
  const { device, entries, software, skipped } = result;
  if (options.json !== undefined) await saveJson(options.json, result);
  if (options.table !== undefined) {
    // What a machine without a GPU measures is of use to others of its kind; a GPU's choices are its owner's.
    if (!software)
      throw new InputError(
        options.table,
        '--table',
        'holds choices for software adapters, and this is a GPU',
      );
    await save(options.table, `${formatJson(differing(merge(table, device, entries)))}\n`);
  }
  if (options.save) {
    await writeKernelCache(merge(readKernelCache(), device, entries));
    process.stderr.write(`kept in ${kernelCachePath()}\n`);
  }
  await print(`${deviceLine(device)}${software ? ' (a software adapter)' : ''}\n${tuneTable(entries)}\n`);
  if (skipped.length > 0) await print(`not measured, the default is taken: ${skipped.join('; ')}\n`);
}

async function measure({ runtime, model, data, batchSize, shapes }: TuneOptions): Promise<TuneResult> {
  const progress = new Progress();
  try {
    const { result } = await runHeadless(
      {
        job: 'tune',
        ...(model === undefined ? {} : { model: resolve(model) }),
        ...(data === undefined ? {} : { data }),
        ...(batchSize === undefined ? {} : { batch_size: batchSize }),
        ...(shapes === undefined ? {} : { shapes: shapes.flatMap((list) => list.split(',')) }),
      },
      { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
    );
    return result as TuneResult;
  } finally {
    progress.close();
  }
}

/** @throws InputError if there is a file that is no table. */
function tableAt(path: string): TunedTable {
  if (!existsSync(path)) return EMPTY_TABLE;
  try {
    return parseTable(parseJson(path, '--table', readInput(path)));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(path, '--table', (error as Error).message);
  }
}

function differing(table: TunedTable): TunedTable {
  const devices = table.devices.map(({ device, entries }) => ({
    device,
    entries: entries.filter(({ variant, default: standard }) => variant !== standard),
  }));
  return { ...table, devices: devices.filter(({ entries }) => entries.length > 0) };
}

function explanation(): string {
  const parts = [
    [`kept in ${kernelCachePath()}`, readKernelCache()],
    ['shipped with this version', shippedTable()],
  ] as const;
  return parts
    .map(([title, { devices }]) => {
      const tables = devices.map(({ device, entries }) => `${deviceLine(device)}\n${tuneTable(entries)}`);
      return `${title}:\n${tables.length > 0 ? tables.join('\n\n') : 'nothing'}`;
    })
    .join('\n\n');
}
