import { type Command, Option } from 'commander';
import { InputError } from '../../host/inputError.ts';
import { benchBrowser } from '../bench/browser.ts';
import { describeMachine, type Machine } from '../bench/describeMachine.ts';
import type { BenchDriver } from '../bench/driver.ts';
import { benchNode } from '../bench/node.ts';
import { prepareOwnTask, preparePeers } from '../bench/peers.ts';
import { taskReference } from '../bench/taskReference.ts';
import { taskText } from '../bench/taskText.ts';
import { type TaskRun, type TaskTiming, taskLines, timeTask } from '../bench/timeTask.ts';
import { checkOutput } from '../checkOutput.ts';
import { print } from '../print.ts';
import { saveJson } from '../saveResult.ts';
import { integer, sizes } from '../trainOptions.ts';

interface TaskOptions {
  runtime: 'browser' | 'node';
  batch?: number[];
  rounds: number;
  cold: number;
  out?: string;
  peers: boolean;
}

const BATCHES = [64, 512];

/** What `--out` holds. */
interface TaskReport extends Machine {
  bench: 'task';
  runs: TaskRun[];
}

/** `basin bench task`: one task as a user of each library writes it. */
export function registerBenchTask(bench: Command): void {
  bench
    .command('task')
    .description(
      'gradient, Hessian product and per-example variance of a perceptron, as users of each library write it: lines, time, memory',
    )
    .addOption(
      new Option('--runtime <name>', 'where to compute').choices(['browser', 'node']).default('browser'),
    )
    .option('--batch <n...>', `batch sizes (default: ${BATCHES.join(' ')})`, sizes)
    .option('--rounds <n>', 'samples of each program', integer(1), 9)
    .option('--cold <n>', 'cold starts of each program', integer(1), 3)
    .option('--out <file>', 'also write all samples there, as JSON')
    .option('--no-peers', 'Basin alone; nothing is installed')
    .action(task);
}

async function task(options: TaskOptions): Promise<void> {
  const { runtime, batch: batches = BATCHES, rounds, cold, out, peers: wanted } = options;
  checkOutput('--out', out);
  const single = batches.find((size) => size < 2);
  if (single !== undefined) {
    throw new InputError(
      'command line',
      '--batch',
      `found ${single}, expected at least 2: a variance takes two examples`,
    );
  }
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const peers = wanted ? preparePeers() : prepareOwnTask();
  if (!peers) throw new Error('the programs are in a checkout only (bench/peers/task)');
  const machine = describeMachine();
  const open = async () => (runtime === 'node' ? benchNode : benchBrowser)(peers.folder);
  const run: TaskRun = { ...(await described(await open())), lines: taskLines(peers), batches: [] };
  for (const size of batches) {
    log(`B = ${size}: computing the results in float64`);
    const reference = taskReference(size);
    const plan = { rounds, coldRounds: cold };
    run.batches.push(await timeTask(open, peers.tasks, size, reference, plan, log));
  }
  const report: TaskReport = { bench: 'task', ...machine, runs: [run] };
  await print(`${taskText(run)}\n`);
  if (out !== undefined) await saveJson(out, report);
  const own = run.batches.flatMap(({ timings }) => timings.filter(({ key }) => key === 'basin'));
  const isBad = ({ failed, parts }: TaskTiming): boolean =>
    failed !== undefined || Object.values(parts).some((part) => part.failed !== undefined || part.wrong);
  if (own.some(isBad)) process.exitCode = 1;
}

/** What the programs run on. */
async function described(driver: BenchDriver): Promise<Pick<TaskRun, 'runtime' | 'version' | 'adapter'>> {
  try {
    const { adapter } = await (await driver.worker()).call('start', 'basin');
    return { runtime: driver.runtime, version: driver.version, adapter: adapter! };
  } finally {
    await driver.close();
  }
}
