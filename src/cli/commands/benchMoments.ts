import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import type { MomentsReport, MomentsRow } from '../../bench/benchMoments.ts';
import { describeMachine } from '../bench/describeMachine.ts';
import { checkOutput } from '../checkOutput.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { runHeadless } from '../runtime.ts';
import { saveJson } from '../saveResult.ts';
import { integer } from '../trainOptions.ts';

interface MomentsOptions {
  runtime: 'browser' | 'node';
  rounds: number;
  only?: string[];
  out?: string;
}

/** `basin bench moments`: what per-example moments cost over the weight gradient alone. */
export function registerBenchMoments(bench: Command): void {
  bench
    .command('moments')
    .description('weight gradient, diag Σ and per-example norms against the weight gradient alone')
    .addOption(
      new Option('--runtime <name>', 'where to compute').choices(['browser', 'node']).default('browser'),
    )
    .option('--rounds <n>', 'samples of each program', integer(1), 15)
    .option('--only <text...>', 'the layers whose name contains one of these')
    .option('--out <file>', 'also write all samples there, as JSON')
    .action(moments);
}

async function moments({ runtime, rounds, only, out }: MomentsOptions): Promise<void> {
  checkOutput('--out', out);
  const progress = new Progress();
  try {
    const { result } = await runHeadless(
      { job: 'benchMoments', rounds, ...(only ? { only } : {}) },
      { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
    );
    const report = { ...describeMachine(), runtime, ...(result as MomentsReport) };
    if (out !== undefined) await saveJson(out, report);
    await print(`${table(report)}\n`);
  } finally {
    progress.close();
  }
}

function table({ adapter, rows }: MomentsReport): string {
  const { vendor, architecture, device, description, software } = adapter;
  const named = [vendor, architecture, device, description].filter(Boolean).join(' ');
  const shown = new Table({
    head: ['layer', 'plain, ms', 'moments, ms', 'ratio', 'single rounds', 'at most', ''],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const row of rows) shown.push(line(row));
  return [
    `${named}${software ? ': a software adapter, its times say nothing about a GPU' : ''}`,
    shown.toString(),
  ].join('\n');
}

function line({ layer, plain, moments, ratio, limit }: MomentsRow): string[] {
  return [
    layer,
    Math.min(...plain.map(({ median }) => median)).toFixed(3),
    moments.median.toFixed(3),
    `${ratio.median.toFixed(2)} ×`,
    `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`,
    limit === null ? '' : limit.toFixed(1),
    limit === null ? '' : ratio.median <= limit ? 'holds' : 'MISSED',
  ];
}
