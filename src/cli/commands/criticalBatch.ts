import Table from 'cli-table3';
import type { Command } from 'commander';
import type { Doublings } from '../../experiments/criticalBatch.ts';
import type { CriticalBatchResult, CriticalBatchSpec } from '../../jobs/experiments/criticalBatchJob.ts';
import type { BranchedCriticalBatch } from '../../measure/statistics/branchedCriticalBatch.ts';
import { checkOutput } from '../checkOutput.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { saveJson } from '../saveResult.ts';
import { integer } from '../trainOptions.ts';
import { runtimeOption } from './outputOptions.ts';

interface CriticalBatchOptions {
  data?: string;
  window?: number;
  seeds?: number;
  examples?: number;
  seed?: number;
  out?: string;
  runtime: HeadlessOptions['runtime'];
}

/** `basin experiment critical-batch`: the local critical batch size along a run, from branches. */
export function registerCriticalBatch(experiment: Command): void {
  experiment
    .command('critical-batch')
    .description(
      'the largest batch that loses nothing, by branches from snapshots of a run; its verdict is withdrawn',
    )
    .option('--data <name or file>', 'data set (mnist)')
    .option('--window <examples>', 'examples that each branch takes (6144)', integer(1))
    .option('--seeds <n>', 'orders of examples of each branch (8)', integer(2))
    .option('--examples <N>', 'examples that B_simple and B_noise are measured on (2048)', integer(2))
    .option('--seed <n>', 'of initial weights and orders (0)', integer(0))
    .option('--out <file>', 'also write everything there, as JSON')
    .addOption(runtimeOption())
    .action(criticalBatch);
}

async function criticalBatch({ out, runtime, ...options }: CriticalBatchOptions): Promise<void> {
  checkOutput('--out', out);
  const progress = new Progress();
  try {
    // Options that are not given are left out: the job knows the protocol.
    const given = JSON.parse(JSON.stringify(options)) as CriticalBatchSpec;
    const { result } = await runHeadless(
      { job: 'criticalBatch', ...given },
      { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
    );
    progress.close();
    const found = result as CriticalBatchResult;
    if (out !== undefined) await saveJson(out, found);
    await print(`${report(found)}\n`);
  } finally {
    progress.close();
  }
}

function report({ protocol, snapshots, doublings, control, verdict, reason }: CriticalBatchResult): string {
  const { data, hidden, lr, batch_size, window, seeds, tolerance } = protocol;
  const shown = new Table({
    head: ['step', 'loss', 'B_crit', 'between the grid’s', 'B_simple', 'B_noise', '± (probes)'],
    style: { head: [], border: [], compact: true },
    colAligns: Array<'right'>(7).fill('right'),
  });
  for (const { step, loss, bSimple, bNoise, bNoiseProbeStderr, ...found } of snapshots) {
    shown.push([
      `${step}`,
      number(loss),
      critical(found),
      between(found, batch_size),
      number(bSimple),
      bNoise === null ? '' : number(bNoise),
      bNoise === null ? '' : number(bNoiseProbeStderr),
    ]);
  }
  return [
    'The local critical batch size rises early in training (Merrill et al. 2025)',
    `${data}, perceptron with ${hidden} hidden units, SGD at ε = ${lr}, B = ${batch_size}; branches of ${window} examples at kB and εk, ` +
      `${seeds} seeds, tolerance ${tolerance}`,
    shown.toString(),
    `doublings from the first to the last: ${rise(doublings)}`,
    `control, the last once more with other seeds: ${critical(control)}, doublings ${rise(control.doublings)}`,
    `verdict: ${verdict}: ${reason}`,
  ].join('\n');
}

function critical({ batchSize, atLeast, atMost }: BranchedCriticalBatch): string {
  return `${atLeast ? '≥ ' : ''}${atMost ? '≤ ' : ''}${batchSize}`;
}

/** The critical batch between the grid's, with its interval. */
function between({ logFactor, logFactorInterval }: BranchedCriticalBatch, batchSize: number): string {
  const batch = (log: number): string => number(batchSize * 2 ** log);
  const [low, high] = logFactorInterval ?? [null, null];
  return `${batch(logFactor)} [${low === null ? '0' : batch(low)}, ${high === null ? '∞' : batch(high)}]`;
}

function rise({ value, interval: [low, high] }: Doublings): string {
  return `${number(value)} [${low === null ? '−∞' : number(low)}, ${high === null ? '∞' : number(high)}]`;
}

function number(value: number): string {
  return value.toPrecision(3);
}
