import Table from 'cli-table3';
import type { Command } from 'commander';
import type {
  FrozenPointOutcome,
  PredictionOutcome,
} from '../../experiments/optimalStep/judgeOptimalStep.ts';
import type { MeasuredRate } from '../../experiments/optimalStep/measuredRates.ts';
import type { Effect } from '../../experiments/verdict.ts';
import type { OptimalStepResult, OptimalStepSpec } from '../../jobs/experiments/optimalStepJob.ts';
import { breakEvenRate, optimalGain, optimalRate } from '../../measure/statistics/localModel.ts';
import { CellFolder } from '../cellFolder.ts';
import { checkOutput } from '../checkOutput.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { saveJson } from '../saveResult.ts';
import { integer, integers } from '../trainOptions.ts';
import { runtimeOption } from './outputOptions.ts';

interface OptimalStepOptions {
  data?: string;
  hidden?: number;
  examples?: number;
  draws?: number;
  probes?: number;
  trunks?: number;
  checkpoints?: number[];
  seed?: number;
  cells?: string;
  out?: string;
  runtime: HeadlessOptions['runtime'];
}

/** `basin experiment optimal-step`: what one SGD step is best at, measured by line search, beside its prediction. */
export function registerOptimalStep(experiment: Command): void {
  experiment
    .command('optimal-step')
    .description('best rate, gain and break-even of one SGD step at each batch size, against G, H and Σ')
    .option('--data <name or file>', 'data set (mnist)')
    .option('--hidden <units>', 'of the perceptron (64)', integer(1))
    .option('--examples <N>', 'of each trunk’s population, drawn from the training set (2048)', integer(2))
    .option('--draws <K>', 'mini-batches at each batch size (32)', integer(2))
    .option('--probes <n>', 'random signs behind tr(HΣ) (32)', integer(2))
    .option('--trunks <n>', 'runs that are frozen, the replicates (5)', integer(2))
    .option('--checkpoints <steps>', 'at which each is frozen (100,600,4000)', integers(1))
    .option('--seed <n>', 'of the first trunk; the others’ follow (1000)', integer(0))
    .option('--cells <folder>', 'keep each frozen point there; those that are there are not measured again')
    .option('--out <file>', 'also write everything there, as JSON')
    .addOption(runtimeOption())
    .action(optimalStep);
}

async function optimalStep({ out, runtime, cells, ...options }: OptimalStepOptions): Promise<void> {
  checkOutput('--out', out);
  const folder = cells === undefined ? undefined : new CellFolder(cells);
  const progress = new Progress();
  try {
    // Options that are not given are left out: the job knows the protocol.
    const given = JSON.parse(JSON.stringify({ ...options, cells: folder?.read() })) as OptimalStepSpec;
    const { result } = await runHeadless(
      { job: 'optimalStep', ...given },
      {
        runtime,
        baseDir: process.cwd(),
        onEvent: async (event) => {
          if (event.type === 'cell') await folder?.write(event.name, event.cell);
          progress.show(event);
        },
      },
    );
    progress.close();
    const found = result as OptimalStepResult;
    if (out !== undefined) await saveJson(out, found);
    await print(`${report(found)}\n`);
  } finally {
    progress.close();
  }
}

function report({ version, protocol, margins, points, controls, ...own }: OptimalStepResult): string {
  const { examples, data, draws, hidden, lr, batch_size, trunks, seed } = protocol;
  return [
    'One SGD step: ε_opt(B) = ε_max/(1 + B_noise/B), its gain ΔL_opt(B), and 2ε_opt(B), from G, H and Σ, nothing fitted (McCandlish et al. 2018)',
    `${data}, perceptron with ${hidden} hidden units, SGD at ε = ${lr}, B = ${batch_size}; ${trunks} trunks, seeds from ${seed}, ` +
      `each with a population of ${examples} examples, K = ${draws}; protocol ${version}`,
    ...points.flatMap((frozen, t) => frozen.flatMap((point) => ['', heading(seed + t, point), table(point)])),
    '',
    `measured over predicted, with 95 % over ${trunks} trunks`,
    effects(own),
    `χ² of the fitted power law less that of the fitted hyperbola: ${effect(own.rival)}`,
    ...controls.swapped.map(
      (swap, i) =>
        `control, predictions of ${i + 1} step${i > 0 ? 's' : ''} on: ${swap.verdict} (${swap.reason})`,
    ),
    `B_simple in place of B_noise: ${controls.simpleNoiseScale.verdict} (${controls.simpleNoiseScale.reason})`,
    '',
    `Passes where at every step ε_max is within ${margins.epsMax}×, B_noise within ${margins.bNoise}×, ΔL_opt within ${margins.gain}× and 2ε_opt ` +
      `within ${margins.breakEven}×, each by its whole interval, the power law fits worse, and swapped predictions fail.`,
    `verdict: ${own.verdict}`,
    `because ${own.reason}`,
  ].join('\n');
}

function heading(trunk: number, { step, loss, hyperbola, epsMax, bNoise }: FrozenPointOutcome): string {
  const predicted = `predicted ε_max ${number(epsMax)}, B_noise ${number(bNoise)}`;
  const found = hyperbola
    ? `fitted ${number(hyperbola.epsMax)}, ${number(hyperbola.bNoise)}`
    : 'fewer than three minima within the grid';
  return `trunk ${trunk}, step ${step}, loss ${number(loss)}: ${predicted}; ${found}`;
}

function table(point: FrozenPointOutcome): string {
  const shown = new Table({
    head: ['B', 'ε_opt', '± %', 'predicted', 'gain', '±', 'predicted', 'ΔL = 0 at ε', '± %', 'predicted'],
    style: { head: [], border: [], compact: true },
    colAligns: Array<'right'>(10).fill('right'),
  });
  for (const { batchSize, optimal, gain, gainStderr, breakEven } of point.rows) {
    shown.push([
      `${batchSize}`,
      ...rate(optimal),
      number(optimalRate(point, batchSize)),
      number(gain),
      number(gainStderr),
      number(optimalGain(point, batchSize)),
      ...rate(breakEven),
      number(breakEvenRate(point, batchSize)),
    ]);
  }
  return shown.toString();
}

function rate({ rate, logStderr, censored }: MeasuredRate): [string, string] {
  const bound = censored === 'above' ? '≥ ' : censored === 'below' ? '≤ ' : '';
  return [`${bound}${number(rate)}`, censored ? '' : (100 * logStderr).toFixed(0)];
}

function effects({ steps }: PredictionOutcome): string {
  const shown = new Table({
    head: ['step', 'ε_max', 'B_noise', 'ΔL_opt', '2ε_opt', 'χ² of ε_opt(B)', 'of ΔL_opt(B)', ''],
    style: { head: [], border: [], compact: true },
    colAligns: [...Array<'right'>(7).fill('right'), 'left'],
  });
  for (const { step, epsMax, bNoise, gain, breakEven, chiSquared, verdict } of steps) {
    const { rate, gain: gains } = chiSquared;
    shown.push([
      `${step}`,
      effect(epsMax),
      effect(bNoise),
      effect(gain),
      effect(breakEven),
      `${number(rate.value)} on ${rate.freedom}`,
      `${number(gains.value)} on ${gains.freedom}`,
      verdict,
    ]);
  }
  return shown.toString();
}

function effect({ value, interval: [low, high] }: Effect): string {
  return `${number(value)} [${number(low)}, ${number(high)}]`;
}

function number(value: number | null): string {
  return value === null ? 'none' : value.toPrecision(3);
}
