import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import type { LandscapeReport, LandscapeRow } from '../../bench/landscape/benchLandscape.ts';
import { describeMachine } from '../bench/describeMachine.ts';
import { checkOutput } from '../checkOutput.ts';
import { print } from '../print.ts';
import { adapterLine, Progress } from '../progress.ts';
import { runHeadless } from '../runtime.ts';
import { saveJson } from '../saveResult.ts';
import { integer } from '../trainOptions.ts';

interface LandscapeBenchOptions {
  runtime: 'browser' | 'node';
  rounds: number;
  out?: string;
}

/** `basin bench landscape`: what a point of a plane costs beside a forward pass, and beside one evaluation at a time. */
export function registerBenchLandscape(bench: Command): void {
  bench
    .command('landscape')
    .description('a point of a 51 × 51 plane against one forward pass, and against one evaluation at a time')
    .addOption(
      new Option('--runtime <name>', 'where to compute').choices(['browser', 'node']).default('browser'),
    )
    .option('--rounds <n>', 'samples of each', integer(1), 9)
    .option('--out <file>', 'also write all samples there, as JSON')
    .action(landscape);
}

async function landscape({ runtime, rounds, out }: LandscapeBenchOptions): Promise<void> {
  checkOutput('--out', out);
  const progress = new Progress();
  try {
    const { result } = await runHeadless(
      { job: 'benchLandscape', rounds },
      { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
    );
    const report = { ...describeMachine(), runtime, ...(result as LandscapeReport) };
    if (out !== undefined) await saveJson(out, report);
    await print(`${table(report)}\n`);
  } finally {
    progress.close();
  }
}

function table({ adapter, rows }: LandscapeReport): string {
  const shown = new Table({
    head: [
      'model',
      'points at once',
      'against',
      'that, ms',
      'a point, ms',
      'ratio',
      'single rounds',
      'at most',
      '',
      'whole plane, s',
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'left', 'right', 'right', 'right', 'right', 'right', 'left', 'right'],
  });
  for (const row of rows) shown.push(line(row));
  return [adapterLine(adapter), shown.toString()].join('\n');
}

function line({ what, wave, against, single, point, ratio, limit, whole }: LandscapeRow): string[] {
  const median = (samples: readonly number[]): number =>
    [...samples].sort((a, b) => a - b)[samples.length >> 1]!;
  return [
    what,
    String(wave),
    against,
    median(single).toFixed(3),
    median(point).toFixed(3),
    `${ratio.median.toFixed(3)} ×`,
    `${ratio.min.toFixed(3)} to ${ratio.max.toFixed(3)}`,
    limit.toFixed(2),
    ratio.median <= limit ? 'holds' : 'MISSED',
    whole === null ? '' : ((whole * 51 * 51) / 1000).toFixed(2),
  ];
}
