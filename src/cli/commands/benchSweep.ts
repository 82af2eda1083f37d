import { type Command, Option } from 'commander';
import { SWEEP_CASES } from '../../bench/sweep/sweepCase.ts';
import { benchBrowser } from '../bench/browser.ts';
import { describeMachine, type Machine } from '../bench/describeMachine.ts';
import { benchNode } from '../bench/node.ts';
import { preparePeers } from '../bench/peers.ts';
import { referenceResults } from '../bench/references.ts';
import { sweepText } from '../bench/sweepText.ts';
import { type PytorchSweeps, timePytorch } from '../bench/timePytorch.ts';
import { type SweepRun, timeSweeps } from '../bench/timeSweeps.ts';
import { checkOutput } from '../checkOutput.ts';
import { print } from '../print.ts';
import { saveJson } from '../saveResult.ts';
import { integer } from '../trainOptions.ts';

interface SweepBenchOptions {
  runtime: 'browser' | 'node' | 'both';
  rounds?: number;
  out?: string;
  peers: boolean;
  only?: string[];
  profile: boolean;
}

/** What `--out` holds. */
interface SweepReport extends Machine {
  bench: 'sweep';
  runs: SweepRun[];
  pytorch?: PytorchSweeps;
}

/** `basin bench sweep`: what a step of one of R small runs costs in one program, beside other libraries. */
export function registerBenchSweep(bench: Command): void {
  const sweep = bench
    .command('sweep')
    .description('a step of small nets, 1 to 64 runs in one program, sampling and gathering included')
    .addOption(
      new Option('--runtime <name>', 'where to compute')
        .choices(['browser', 'node', 'both'])
        .default('browser'),
    )
    .option('--rounds <n>', 'samples of each implementation (default: 3)', integer(1))
    .option('--out <file>', 'also write all samples there, as JSON')
    .option('--only <text...>', 'the sweeps whose name contains one of these, as in "B=8 R=64"')
    .option('--profile', 'print the time of each dispatch of ours', false)
    .option('--no-peers', 'time Basin alone');
  sweep.action((options: SweepBenchOptions) => run(sweep, options));
}

/** Whether a text is part of a key; R=1 is none of R=16. */
function names(key: string, text: string): boolean {
  const at = key.indexOf(text);
  return at >= 0 && !/^\d/.test(key.slice(at + text.length));
}

async function run(command: Command, options: SweepBenchOptions): Promise<void> {
  const { runtime, rounds, out, peers: wanted, only, profile } = options;
  const cases = SWEEP_CASES.filter(({ key }) => !only || only.some((text) => names(key, text)));
  if (cases.length === 0) {
    const known = SWEEP_CASES.map(({ key }) => key).join(', ');
    command.error(`basin: --only ${only!.join(' ')}: no sweep is called that; there are ${known}`);
  }
  checkOutput('--out', out);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const report: SweepReport = { bench: 'sweep', ...describeMachine(), runs: [] };
  const peers = wanted ? preparePeers() : undefined;
  if (!peers) {
    const why = wanted ? 'the other libraries are in a checkout only (bench/peers)' : '--no-peers';
    await print(`Basin alone: ${why}\n\n`);
  }
  log('computing the results in float64');
  const references = referenceResults(cases);
  if (peers) {
    log('PyTorch, where there is one');
    report.pytorch = timePytorch(peers.folder, cases, rounds ?? cases[0]!.rounds);
  }
  for (const open of [
    ...(runtime === 'node' ? [] : [benchBrowser]),
    ...(runtime === 'browser' ? [] : [benchNode]),
  ]) {
    const driver = await open(peers?.folder);
    const timed = await timeSweeps(driver, { cases, peers, rounds }, references, log).finally(() =>
      driver.close(),
    );
    await print(`${sweepText(timed, report.pytorch, profile)}\n\n`);
    report.runs.push(timed);
  }
  if (out !== undefined) await saveJson(out, report);
  const failed = report.runs.some(({ cases: timed }) =>
    timed.some(({ timings: [ours] }) => ours!.wrong || ours!.failed !== undefined),
  );
  if (failed) process.exitCode = 1;
}
