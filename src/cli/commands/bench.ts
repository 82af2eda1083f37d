import { type Command, Option } from 'commander';
import { BENCH_CASES, type BenchCase } from '../../jobs/bench/benchCase.ts';
import { benchBrowser } from '../bench/browser.ts';
import { describeMachine, type Machine } from '../bench/describeMachine.ts';
import { benchNode, benchWorker } from '../bench/node.ts';
import { preparePeers } from '../bench/peers.ts';
import { referenceResults } from '../bench/references.ts';
import { benchText } from '../bench/report.ts';
import { type BenchRun, timeCases } from '../bench/timeCases.ts';
import { integer } from '../trainOptions.ts';
import { checkOutput, formatJson, writeAtomically } from '../writeResult.ts';
import { registerBenchKernels } from './benchKernels.ts';
import { registerBenchMoments } from './benchMoments.ts';

interface BenchOptions {
  runtime: 'browser' | 'node' | 'both';
  rounds?: number;
  out?: string;
  peers: boolean;
  only?: string[];
}

/** What `--out` holds. */
interface BenchReport extends Machine {
  bench: 'step' | 'peers';
  runs: BenchRun[];
}

/** `basin bench`: how long things take, beside other libraries. */
export function registerBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('time the kernels, and Basin beside other WebGPU libraries');
  withOptions(bench.command('step'))
    .description('one training step of a 784-128-10 perceptron at batch sizes 64 and 512')
    .action((options: BenchOptions) =>
      run('step', options, ofKind('mlpStep'), ['basin', 'basin-statistics', 'basin-train']),
    );
  const peers = withOptions(bench.command('peers'));
  peers
    .description('matrix products, sums, a training step, per-example statistics and a Hessian product')
    .option('--only <text...>', 'the cases whose name contains one of these')
    .action((options: BenchOptions) => run('peers', options, matching(peers, options.only), ['basin']));
  registerBenchKernels(bench);
  registerBenchMoments(bench);
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
    .option('--no-peers', 'time Basin alone');
}

function ofKind(kind: BenchCase['kind']): BenchCase[] {
  return BENCH_CASES.filter((c) => c.kind === kind);
}

function matching(command: Command, texts: readonly string[] | undefined): readonly BenchCase[] {
  if (!texts) return BENCH_CASES;
  const found = BENCH_CASES.filter(({ key }) => texts.some((text) => key.includes(text)));
  if (found.length > 0) return found;
  const names = BENCH_CASES.map(({ key }) => key).join(', ');
  return command.error(`basin: --only ${texts.join(' ')}: no case is called that; there are ${names}`);
}

async function run(
  name: BenchReport['bench'],
  { runtime, rounds, out, peers: wanted }: BenchOptions,
  cases: readonly BenchCase[],
  ours: readonly string[],
): Promise<void> {
  checkOutput('--out', out);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const report: BenchReport = { bench: name, ...describeMachine(), runs: [] };
  const peers = wanted ? preparePeers() : undefined;
  if (!peers) {
    const why = wanted ? 'the other libraries are in a checkout only (bench/peers)' : '--no-peers';
    process.stdout.write(`Basin alone: ${why}\n\n`);
  }
  log('computing the results in float64');
  const references = referenceResults(cases);
  for (const open of [
    ...(runtime === 'node' ? [] : [benchBrowser]),
    ...(runtime === 'browser' ? [] : [benchNode]),
  ]) {
    const driver = await open(peers?.folder);
    try {
      const timed = await timeCases(driver, { cases, ours, peers, rounds }, references, log);
      report.runs.push(timed);
      process.stdout.write(`${benchText(timed)}\n\n`);
    } finally {
      await driver.close();
    }
  }
  if (out !== undefined) writeAtomically(out, `${formatJson(report)}\n`);
  const own = report.runs.flatMap(({ cases: timed }) =>
    timed.flatMap(({ timings }) => timings.filter(({ key }) => key.startsWith('basin'))),
  );
  if (own.some(({ wrong, failed }) => wrong || failed !== undefined)) process.exitCode = 1;
}
