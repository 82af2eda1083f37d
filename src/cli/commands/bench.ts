import { type Command, Option } from 'commander';
import { BENCH_CASES, type BenchCase } from '../../bench/benchCase.ts';
import type { CurvatureReport } from '../../bench/curvature/benchCurvature.ts';
import { benchBrowser } from '../bench/browser.ts';
import { curvatureText } from '../bench/curvatureText.ts';
import { describeMachine, type Machine } from '../bench/describeMachine.ts';
import { benchNode, benchWorker } from '../bench/node.ts';
import { preparePeers } from '../bench/peers.ts';
import { referenceResults } from '../bench/references.ts';
import { benchText } from '../bench/report.ts';
import { type BenchRun, timeCases } from '../bench/timeCases.ts';
import { timeColdStarts } from '../bench/timeColdStarts.ts';
import { checkOutput } from '../checkOutput.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { runHeadless } from '../runtime.ts';
import { saveJson } from '../saveResult.ts';
import { integer } from '../trainOptions.ts';
import { registerBenchInstruments } from './benchInstruments.ts';
import { registerBenchKernels } from './benchKernels.ts';
import { registerBenchLandscape } from './benchLandscape.ts';
import { registerBenchMoments } from './benchMoments.ts';
import { registerBenchSweep } from './benchSweep.ts';
import { registerBenchTask } from './benchTask.ts';

interface BenchOptions {
  runtime: 'browser' | 'node' | 'both';
  rounds?: number;
  out?: string;
  peers: boolean;
  only?: string[];
}

const CURVATURE_ROUNDS = 15;

const STEP_CASES = BENCH_CASES.filter(({ kind }) => ['mlpStep', 'secondMoments', 'hvp'].includes(kind));

/** What `--only` calls the time that a page waits for each implementation, and what it loads. */
const COLD = 'cold start';

/** What `--only` calls what curvature and noise cost beside a gradient. */
const CURVATURE = 'curvature';

/** What `--out` holds. */
interface BenchReport extends Machine {
  bench: 'step' | 'peers';
  runs: (BenchRun & { curvature?: CurvatureReport })[];
}

/** `basin bench`: how long things take, beside other libraries. */
export function registerBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('time the kernels, and Basin beside other WebGPU libraries');
  const step = withOptions(bench.command('step'));
  step
    .description(
      'one training step of a 784-128-10 perceptron, and what its curvature and noise cost beside it',
    )
    .action((options: BenchOptions) => {
      const { only } = options;
      const curvature = !only || only.some((text) => CURVATURE.includes(text));
      const cases = matching(step, STEP_CASES, only, curvature ? [CURVATURE] : []);
      return run('step', options, cases, ['basin', 'basin-statistics', 'basin-train'], { curvature });
    });
  const peers = withOptions(bench.command('peers'));
  peers
    .description('matrix products, sums, a training step, per-example statistics and a Hessian product')
    .action((options: BenchOptions) => {
      const { only } = options;
      const cold = !only || only.some((text) => COLD.includes(text));
      const cases = matching(peers, BENCH_CASES, only, cold ? [COLD] : []);
      return run('peers', options, cases, ['basin'], { coldRounds: cold ? (options.rounds ?? 3) : 0 });
    });
  registerBenchKernels(bench);
  registerBenchMoments(bench);
  registerBenchLandscape(bench);
  registerBenchInstruments(bench);
  registerBenchSweep(bench);
  registerBenchTask(bench);
  bench.command('worker', { hidden: true }).action(benchWorker);
}

function withOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--runtime <name>', 'where to compute')
        .choices(['browser', 'node', 'both'])
        .default('browser'),
    )
    .option('--rounds <n>', 'samples of each implementation (default: 5 to 9, by case)', integer(1))
    .option('--out <file>', 'also write all samples there, as JSON')
    .option('--only <text...>', 'the cases whose name contains one of these')
    .option('--no-peers', 'time Basin alone');
}

/** @param others what `texts` may name beside the cases */
function matching(
  command: Command,
  cases: readonly BenchCase[],
  texts: readonly string[] | undefined,
  others: readonly string[] = [],
): readonly BenchCase[] {
  if (!texts) return cases;
  const found = cases.filter(({ key }) => texts.some((text) => key.includes(text)));
  if (found.length > 0 || others.length > 0) return found;
  const names = [...cases.map(({ key }) => key), cases === BENCH_CASES ? COLD : CURVATURE].join(', ');
  return command.error(`basin: --only ${texts.join(' ')}: no case is called that; there are ${names}`);
}

async function run(
  name: BenchReport['bench'],
  { runtime, rounds, out, peers: wanted }: BenchOptions,
  cases: readonly BenchCase[],
  ours: readonly string[],
  { coldRounds = 0, curvature: curved = false }: { coldRounds?: number; curvature?: boolean },
): Promise<void> {
  checkOutput('--out', out);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const report: BenchReport = { bench: name, ...describeMachine(), runs: [] };
  const peers = wanted ? preparePeers() : undefined;
  if (!peers) {
    const why = wanted ? 'the other libraries are in a checkout only (bench/peers)' : '--no-peers';
    await print(`Basin alone: ${why}\n\n`);
  }
  log('computing the results in float64');
  const references = referenceResults(cases);
  for (const open of [
    ...(runtime === 'node' ? [] : [benchBrowser]),
    ...(runtime === 'browser' ? [] : [benchNode]),
  ]) {
    const driver = await open(peers?.folder);
    const timed = await timeCases(driver, { cases, ours, peers, rounds }, references, log).finally(() =>
      driver.close(),
    );
    if (coldRounds > 0) {
      const fresh = async () => open(peers?.folder);
      timed.cold = await timeColdStarts(fresh, peers?.keys ?? [], coldRounds, log);
    }
    await print(`${benchText(timed)}\n\n`);
    const curvature = curved ? await curvatureCosts(timed.runtime, rounds) : undefined;
    if (curvature) await print(`${curvatureText(curvature, timed)}\n\n`);
    report.runs.push({ ...timed, curvature });
  }
  if (out !== undefined) await saveJson(out, report);
  const own = report.runs.flatMap(({ cases: timed }) =>
    timed.flatMap(({ timings }) => timings.filter(({ key }) => key.startsWith('basin'))),
  );
  const costs = report.runs.flatMap(({ curvature }) =>
    curvature ? [...curvature.models, ...curvature.traces] : [],
  );
  if (own.some(({ wrong, failed }) => wrong || failed !== undefined) || costs.some(({ wrong }) => wrong))
    process.exitCode = 1;
}

/** Hessian products and moments against one gradient, in a page or process of their own. */
async function curvatureCosts(
  runtime: BenchRun['runtime'],
  rounds: number | undefined,
): Promise<CurvatureReport> {
  const progress = new Progress();
  try {
    const { result } = await runHeadless(
      { job: 'benchCurvature', rounds: rounds ?? CURVATURE_ROUNDS },
      { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
    );
    return result as CurvatureReport;
  } finally {
    progress.close();
  }
}
