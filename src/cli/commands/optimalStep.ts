import Table from 'cli-table3';
import type { Command } from 'commander';
import type { CheckpointOutcome, Comparison } from '../../experiments/optimalStep.ts';
import type { Effect } from '../../experiments/verdict.ts';
import type { OptimalStepResult, OptimalStepSpec } from '../../jobs/experiments/optimalStepJob.ts';
import { checkOutput } from '../checkOutput.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { saveJson } from '../saveResult.ts';
import { integer } from '../trainOptions.ts';
import { runtimeOption } from './outputOptions.ts';

interface OptimalStepOptions {
  data?: string;
  examples?: number;
  draws?: number;
  seed?: number;
  out?: string;
  runtime: HeadlessOptions['runtime'];
}

/** `basin experiment optimal-step`: ε_opt(B) of one SGD step, measured by line search, beside its prediction. */
export function registerOptimalStep(experiment: Command): void {
  experiment
    .command('optimal-step')
    .description('the best rate of one SGD step at each batch size, against its prediction from G, H and Σ')
    .option('--data <name or file>', 'data set (mnist)')
    .option('--examples <N>', 'the first N examples are the population (10000)', integer(2))
    .option('--draws <K>', 'mini-batches at each batch size (50)', integer(2))
    .option('--seed <n>', 'of initial weights, order and draws (0)', integer(0))
    .option('--out <file>', 'also write everything there, as JSON')
    .addOption(runtimeOption())
    .action(optimalStep);
}

async function optimalStep({ out, runtime, ...options }: OptimalStepOptions): Promise<void> {
  checkOutput('--out', out);
  const progress = new Progress();
  try {
    // Options that are not given are left out: the job knows the protocol.
    const given = JSON.parse(JSON.stringify(options)) as OptimalStepSpec;
    const { result } = await runHeadless(
      { job: 'optimalStep', ...given },
      { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
    );
    progress.close();
    const found = result as OptimalStepResult;
    if (out !== undefined) await saveJson(out, found);
    await print(`${report(found)}\n`);
  } finally {
    progress.close();
  }
}

function report({ protocol, criteria, checkpoints, verdict }: OptimalStepResult): string {
  const { examples, data, draws, hidden, lr, batch_size } = protocol;
  return [
    `ε_opt(B) = ε_max/(1 + B_noise/B) with ε_max and B_noise from G, H and Σ, nothing fitted (McCandlish et al. 2018)`,
    `${data}, perceptron with ${hidden} hidden units, SGD at ε = ${lr}, B = ${batch_size}; population: the first ${examples} examples, K = ${draws}`,
    ...checkpoints.flatMap((checkpoint) => [
      '',
      heading(checkpoint),
      table(checkpoint),
      statistics(checkpoint),
    ]),
    '',
    `Passes where at ${criteria.checkpoints} of ${checkpoints.length} checkpoints ε_max is within ${criteria.epsMaxWithin}×, ` +
      `B_noise within ${criteria.bNoiseWithin}× and R² above ${criteria.rSquaredAbove}, and H replaced by a multiple of the identity passes at none.`,
    `verdict: ${verdict}`,
  ].join('\n');
}

function heading({ step, loss, fitted, predicted }: CheckpointOutcome): string {
  const constants = fitted
    ? `ε_max ${number(fitted.epsMax)} (predicted ${number(predicted.epsMax)}), B_noise ${number(fitted.bNoise)} (predicted ${number(predicted.bNoise)})`
    : `ε_max ${number(predicted.epsMax)}, B_noise ${number(predicted.bNoise)}: the model has no minimum along a step`;
  return `step ${step}, loss ${number(loss)}: ${constants}`;
}

function table({ rows }: CheckpointOutcome): string {
  const shown = new Table({
    head: ['B', 'ε_opt', '± %', 'predicted', 'ΔL', '±', 'predicted', 'ΔL = 0 at ε', 'predicted'],
    style: { head: [], border: [], compact: true },
    colAligns: Array<'right'>(9).fill('right'),
  });
  for (const row of rows) {
    shown.push([
      `${row.batchSize}`,
      `${number(row.rate)}${row.resolved ? '' : ' (end of grid)'}`,
      (100 * row.logRateStderr).toFixed(0),
      number(row.predictedRate),
      number(row.change),
      number(row.changeStderr),
      number(row.predictedChange),
      row.breakEven === null ? 'beyond' : number(row.breakEven),
      number(row.predictedBreakEven),
    ]);
  }
  return shown.toString();
}

function statistics(outcome: CheckpointOutcome): string {
  const line = (name: string, { epsMaxRatio, bNoiseRatio, rSquared, verdict }: Comparison): string =>
    `${name}: measured over predicted ε_max ${effect(epsMaxRatio)}, B_noise ${effect(bNoiseRatio)}, R² ${effect(rSquared)}: ${verdict}`;
  return [
    line('G, H, Σ', outcome),
    line('control, H a multiple of the identity', outcome.controls.isotropicHessian),
    line('B_simple in place of B_noise', outcome.controls.simpleNoiseScale),
  ].join('\n');
}

function effect({ value, interval: [low, high] }: Effect): string {
  return `${number(value)} [${number(low)}, ${number(high)}]`;
}

function number(value: number): string {
  return value.toPrecision(3);
}
