import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { compareKernels, comparisonText, parseKernelsReport } from '../../bench/compareKernels.ts';
import { kernelsCsv } from '../../bench/kernelsCsv.ts';
import type { KernelsReport } from '../../bench/kernelsReport.ts';
import { kernelsText, ladderLines } from '../../bench/kernelsTable.ts';
import { InputError } from '../../host/inputError.ts';
import { describeMachine } from '../bench/describeMachine.ts';
import { checkOutputs } from '../checkOutput.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { runHeadless } from '../runtime.ts';
import { save, saveJson } from '../saveResult.ts';
import { integer } from '../trainOptions.ts';

interface KernelsOptions {
  runtime: 'browser' | 'node';
  family?: string[];
  only?: string[];
  quick?: boolean;
  rounds?: number;
  heatMap?: boolean;
  explain?: boolean;
  out?: string;
  csv?: string;
}

/** `basin bench kernels`, also by `basin bench` alone: every kernel beside the adapter's own ceilings. */
export function registerBenchKernels(bench: Command): void {
  bench
    .command('kernels', { isDefault: true })
    .description("every kernel beside this adapter's ceilings, and the ladders from naive to best")
    .addOption(
      new Option('--runtime <name>', 'where to compute').choices(['browser', 'node']).default('browser'),
    )
    .option('--family <names...>', 'only these: matmul, reduce, moments, conv, …')
    .option('--only <text...>', 'the rows whose name contains one of these')
    .option('--quick', 'small shapes and three rounds: for trying it out, not for figures')
    .option('--rounds <n>', 'samples of each row (default: 15)', integer(1))
    .option('--heat-map', 'with the tile sizes of a product (default: unless rows are picked)')
    .option('--no-heat-map', 'without it')
    .option('--explain', 'also say why each step of a ladder is faster than the one before')
    .option('--out <file>', 'also write all samples there, as JSON')
    .option('--csv <file>', 'also write a line a row there')
    .action(kernels);
  bench
    .command('compare')
    .description('two files of bench kernels: B against A, row by row')
    .argument('<a>', 'JSON of an earlier run')
    .argument('<b>', 'JSON of a later one')
    .action(compare);
}

async function kernels(options: KernelsOptions): Promise<void> {
  const { runtime, family: families, only, quick, rounds, heatMap, explain, out, csv } = options;
  checkOutputs({ '--out': out, '--csv': csv });
  const progress = new Progress();
  try {
    const { result, exitCode } = await runHeadless(
      {
        job: 'benchKernels',
        families,
        only,
        quick,
        rounds,
        heatMap,
        commit: describeMachine().commit ?? null,
      },
      { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
    );
    const report = result as KernelsReport;
    if (out !== undefined) await saveJson(out, { ...describeMachine(), ...report });
    if (csv !== undefined) await save(csv, kernelsCsv(report));
    await print(`${kernelsText(report)}\n`);
    if (explain) await print(`\n${ladderLines(report).join('\n')}\n`);
    process.exitCode = exitCode;
  } finally {
    progress.close();
  }
}

async function compare(a: string, b: string): Promise<void> {
  await print(`${comparisonText(compareKernels(reportAt(a), reportAt(b)))}\n`);
}

function reportAt(path: string): KernelsReport {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(path, 'file', (error as Error).message);
  }
  return parseKernelsReport(text, path);
}
