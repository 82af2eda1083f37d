import { type Command, Option } from 'commander';
import type { InstrumentCosts, InstrumentReport } from '../../bench/instruments/benchInstruments.ts';
import { aligned } from '../bench/aligned.ts';
import { describeMachine } from '../bench/describeMachine.ts';
import { checkOutput } from '../checkOutput.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { runHeadless } from '../runtime.ts';
import { saveJson } from '../saveResult.ts';
import { integer } from '../trainOptions.ts';

interface InstrumentOptions {
  runtime: 'browser' | 'node';
  rounds: number;
  batch: string[];
  out?: string;
}

/** `basin bench instruments`: what it costs to measure while a model trains. */
export function registerBenchInstruments(bench: Command): void {
  bench
    .command('instruments')
    .description('training on MNIST with instruments against training without')
    .addOption(
      new Option('--runtime <name>', 'where to compute').choices(['browser', 'node']).default('browser'),
    )
    .option('--rounds <n>', 'samples of each run', integer(1), 9)
    .option('--batch <sizes...>', 'batch sizes', ['64', '512'])
    .option('--out <file>', 'also write all samples there, as JSON')
    .action(instruments);
}

async function instruments({ runtime, rounds, batch, out }: InstrumentOptions): Promise<void> {
  checkOutput('--out', out);
  const progress = new Progress();
  try {
    const batches = batch.map((size) => integer(1)(size));
    const { result } = await runHeadless(
      { job: 'benchInstruments', rounds, batches },
      { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
    );
    const report = { ...describeMachine(), runtime, ...(result as InstrumentReport) };
    if (out !== undefined) await saveJson(out, report);
    await print(`${text(report)}\n`);
  } finally {
    progress.close();
  }
}

function text({ adapter, rounds, subset, test, models }: InstrumentReport): string {
  const { vendor, architecture, device, description, software } = adapter;
  const named = [vendor, architecture, device, description].filter(Boolean).join(' ');
  return [
    `${named}${software ? ': a software adapter, its times say nothing about a GPU' : ''}`,
    ...models.flatMap((costs) => ['', ...table(costs)]),
    '',
    `medians of ${rounds} rounds; every instrument as it is by default, those of a fixed subset over ${subset} examples; accuracy over ${test} examples for testing`,
  ].join('\n');
}

function table({ model, batch, rows }: InstrumentCosts): string[] {
  const head = [`${model}, B = ${batch}`, 'ms a step', 'plain runs', 'single rounds', 'at most', ''];
  return aligned(
    [
      head,
      ...rows.map(({ what, median, ratio, limit }) => [
        what,
        median.toFixed(2),
        ratio.median.toFixed(2),
        `${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)}`,
        limit === null ? '' : limit.toFixed(2),
        limit === null ? '' : ratio.median <= limit ? 'holds' : 'MISSED',
      ]),
    ],
    1,
  );
}
