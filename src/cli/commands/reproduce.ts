import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Experiment } from '../../experiments/experiment.ts';
import { experiments } from '../../experiments/index.ts';
import { agreement } from '../../experiments/reproduction/agreement.ts';
import type { MeasuredClaims } from '../../experiments/reproduction/measureClaims.ts';
import { mergeClaims } from '../../experiments/reproduction/mergeClaims.ts';
import type { Plan } from '../../experiments/reproduction/planClaims.ts';
import { plantedRates } from '../../experiments/reproduction/plantedRates.ts';
import { resultsOf } from '../../experiments/reproduction/results.ts';
import { readShard } from '../../experiments/reproduction/shard.ts';
import { wantedClaims } from '../../experiments/reproduction/wantedClaims.ts';
import { InputError } from '../../host/inputError.ts';
import { showValue } from '../../host/showValue.ts';
import { CellFolder } from '../cellFolder.ts';
import { fileHost } from '../fileHost.ts';
import { makeFolder } from '../makeFolder.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { agreementText, claimList, planText, plantedText, resultsText } from '../reproduction/claimsText.ts';
import { parseResults } from '../reproduction/parseResults.ts';
import { saveReproduction } from '../reproduction/saveReproduction.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { saveJson } from '../saveResult.ts';
import { runtimeOption } from './outputOptions.ts';

interface ReproduceOptions {
  list?: true;
  plan?: true;
  preset: string;
  seed?: string;
  out: string;
  shard?: string;
  merge?: true;
  against?: string;
  planted?: string;
  runtime: HeadlessOptions['runtime'];
}

/** What the command works with: tests give others. */
interface Means {
  readonly list: readonly Experiment[];
  readonly run: typeof runHeadless;
  readonly print: (text: string) => Promise<void>;
}

/** `basin reproduce`: the papers' claims, measured cell by cell, judged together, told in a report. */
export function registerReproduce(
  program: Command,
  means: Means = { list: experiments, run: runHeadless, print },
): void {
  program
    .command('reproduce')
    .description('put the papers’ claims to the test: cells, verdicts, a report')
    .argument('[claim...]', 'which; all where none is named')
    .option('--list', 'show the claims there are')
    .option('--plan', 'show cells, minutes and memory of each claim on this adapter, and run nothing')
    .option('--preset <name>', 'quick, standard, full', 'standard')
    .option('--seed <n>', 'master seed in place of the presets’; verdicts want 1000 or more')
    .option(
      '--out <folder>',
      'where cells, results.json, figures, report.html and claims.md go',
      'reproduction',
    )
    .option('--shard <i/n>', 'only every n-th cell, from the i-th on, and no judgement')
    .option('--merge', 'run nothing: judge the cells that are there, and name those that are not')
    .option('--against <results.json>', 'set the verdicts of another master seed beside these')
    .option(
      '--planted <n>',
      'run nothing: judge n planted effects and nulls of each claim, and tell the rates',
    )
    .addOption(runtimeOption())
    .addHelpText(
      'after',
      `
Each finished cell is a file in <out>/cells: a second call does only what is missing. Exit code 0 whatever the verdicts, 1 where a cell failed.`,
    )
    .action((claims: string[], options: ReproduceOptions) => reproduce(claims, options, means));
}

async function reproduce(claims: string[], options: ReproduceOptions, means: Means): Promise<void> {
  const { list: all, print } = means;
  const { preset, out } = options;
  if (options.list) return print(`${claimList(all)}\n`);
  if (options.merge && (options.shard !== undefined || options.plan)) {
    throw new InputError(
      'command line',
      '--merge',
      `runs nothing, expected no ${options.plan ? '--plan' : '--shard'} beside it`,
    );
  }
  if (options.planted !== undefined) return planted(claims, options.planted, options, means);
  const { against } = options;
  const other =
    against === undefined ? null : parseResults(against, await fileHost(process.cwd()).read(against));
  const seed = options.seed === undefined ? undefined : readSeed(options.seed);
  const shard = options.shard === undefined ? undefined : readShard(options.shard);
  const wanted = wantedClaims(all, { claims, preset, seed });
  for (const { experiment, preset: own } of wanted) {
    if (own !== preset)
      process.stderr.write(`${experiment.id} has no preset ${preset}: its ${own} is taken\n`);
  }
  const cells = join(out, 'cells');
  const spec = {
    job: 'reproduce' as const,
    claims: wanted.map(({ experiment }) => experiment.id),
    preset,
    cells: resolve(cells),
    ...(seed === undefined ? {} : { seed }),
    ...(shard === undefined ? {} : { shard }),
  };
  if (options.plan) {
    const plan = (await runJob({ ...spec, plan: true }, options, means)) as Plan;
    return print(`${planText(plan)}\n`);
  }
  const folder = new CellFolder(cells, '--out');
  let failed: MeasuredClaims['failed'] = [];
  if (!options.merge) {
    const measured = (await runJob(spec, options, means, folder)) as MeasuredClaims;
    failed = measured.failed;
    if (failed.length > 0) process.exitCode = 1;
    if (shard !== undefined) {
      const { own, total, kept, measured: made } = measured;
      await print(
        `shard ${shard.index} of ${shard.of}: ${own} of ${total} cells, ${kept} were there, ${made} measured, ${failed.length} failed\n${failed
          .map(({ claim, name, error }) => `${claim}: cell ${name} failed: ${error}\n`)
          .join('')}`,
      );
      return;
    }
  }
  const merged = await mergeClaims(wanted, folder.paths(), fileHost(process.cwd()));
  const results = resultsOf(preset, merged, failed);
  const beside = other && agreement(results.claims, other);
  await saveReproduction(out, results, merged, beside);
  await print(`${[resultsText(results, merged), ...(beside ? [agreementText(beside)] : [])].join('\n')}\n`);
}

/** How often planted evidence is judged as it must be; kept as planted.json. */
async function planted(
  claims: string[],
  trials: string,
  { preset, out }: ReproduceOptions,
  { list, print }: Means,
): Promise<void> {
  const count = readCount('--planted', trials);
  const wanted = wantedClaims(list, { claims, preset });
  const rates = plantedRates(
    wanted.map(({ experiment }) => experiment),
    count,
  );
  makeFolder(out, '--out');
  await saveJson(join(out, 'planted.json'), rates);
  await print(`${plantedText(rates)}\n`);
}

function readCount(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1e6) return count;
  throw new InputError(
    'command line',
    option,
    `is ${showValue(text)}, expected a whole number of at least 1`,
  );
}

function readSeed(text: string): number {
  const seed = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isInteger(seed) && seed >= 0 && seed <= 2 ** 31) return seed;
  throw new InputError(
    'command line',
    '--seed',
    `is ${showValue(text)}, expected a whole number from 0 to ${2 ** 31}`,
  );
}

async function runJob(
  spec: Parameters<typeof runHeadless>[0],
  { runtime }: ReproduceOptions,
  { run }: Means,
  folder?: CellFolder,
): Promise<unknown> {
  const progress = new Progress();
  try {
    const { result } = await run(spec, {
      runtime,
      baseDir: process.cwd(),
      onEvent: async (event) => {
        if (event.type === 'cell') await folder?.write(event.name, event.cell);
        progress.show(event);
      },
    });
    return result;
  } finally {
    progress.close();
  }
}
