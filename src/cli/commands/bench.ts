import { type Command, Option } from 'commander';
import { benchBrowser } from '../benchBrowser.ts';
import { benchNode, benchWorker } from '../benchNode.ts';
import { preparePeers } from '../benchPeers.ts';
import { stepText } from '../benchReport.ts';
import { benchStep, describeMachine, referenceLosses, type StepReport } from '../benchStep.ts';
import { integer } from '../trainOptions.ts';
import { checkOutput, formatJson, writeAtomically } from '../writeResult.ts';

interface StepOptions {
  runtime: 'browser' | 'node' | 'both';
  rounds?: number;
  out?: string;
  peers: boolean;
}

/** `basin bench`: how long things take, beside other libraries. */
export function registerBench(program: Command): void {
  const bench = program.command('bench').description('time Basin beside other WebGPU libraries');
  bench
    .command('step')
    .description('one training step of a 784-128-10 perceptron at batch sizes 64 and 512')
    .addOption(
      new Option('--runtime <name>', 'where to compute')
        .choices(['browser', 'node', 'both'])
        .default('browser'),
    )
    .option('--rounds <n>', 'samples of each implementation (default: 7 at B = 64, 5 at 512)', integer(1))
    .option('--out <file>', 'also write all samples there, as JSON')
    .option('--no-peers', 'time Basin alone')
    .action(step);
  bench.command('worker', { hidden: true }).action(benchWorker);
}

async function step({ runtime, rounds, out, peers: wanted }: StepOptions): Promise<void> {
  checkOutput('--out', out);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const report: StepReport = { ...describeMachine(), runs: [] };
  const peers = wanted ? preparePeers() : undefined;
  if (!peers) {
    const why = wanted ? 'the other libraries are in a checkout only (bench/peers)' : '--no-peers';
    process.stdout.write(`Basin alone: ${why}\n\n`);
  }
  log('computing the losses in float64');
  const references = referenceLosses();
  for (const open of [
    ...(runtime === 'node' ? [] : [benchBrowser]),
    ...(runtime === 'browser' ? [] : [benchNode]),
  ]) {
    const driver = await open(peers?.folder);
    try {
      const run = await benchStep(driver, peers, rounds, references, log);
      report.runs.push(run);
      process.stdout.write(`${stepText(run)}\n\n`);
    } finally {
      await driver.close();
    }
  }
  if (out !== undefined) writeAtomically(out, `${formatJson(report)}\n`);
  const wrong = report.runs.flatMap(({ batches }) =>
    batches.flatMap(({ timings }) =>
      timings.filter(({ key, wrong }) => key.startsWith('basin') && wrong !== false),
    ),
  );
  if (wrong.length > 0) process.exitCode = 1;
}
