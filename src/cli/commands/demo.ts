import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { AdapterInfo } from '../../gpu/device.ts';
import { InputError } from '../../host/inputError.ts';
import type { JobEvent, JobSpec, Reading } from '../../jobs/job.ts';
import type { Evaluation } from '../../present/quantities.ts';
import { checkOutput } from '../checkOutput.ts';
import { noiseScaleText } from '../noiseScaleText.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { renderReport } from '../report.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { integer, number, sizes } from '../trainOptions.ts';
import { writeOutput } from '../writeOutput.ts';
import { runtimeOption } from './outputOptions.ts';

interface DemoOptions {
  epochs: number;
  batchSize: number;
  lr: number;
  hidden?: number[];
  measureEvery: number;
  out?: string;
  runtime: HeadlessOptions['runtime'];
}

/** The report's name where none is given, and how its title begins. */
const REPORT = 'report.html';
const TITLE = 'Basin: ';
/** MNIST's training examples. */
const EXAMPLES = 60_000;
/** Rows of the table; the test data is evaluated for each. */
const ROWS = 20;
const COLUMNS = ['step', 'loss', 'accuracy', '|G|²', 'tr Σ', 'B_simple'];
const WIDTH = 11;
/** Of the last column, which has an interval. */
const LAST_WIDTH = 20;

/** `basin demo`: trains on MNIST, prints a table as it goes, and writes a report with the curves. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('train a perceptron on MNIST, print loss, accuracy and noise scale, write a report')
    .option('--epochs <n>', 'passes over the data', number, 2)
    .option('--batch-size <n>', 'examples a step', integer(2), 64)
    .option('--lr <ε>', 'learning rate', number, 0.2)
    .option('--hidden <sizes...>', 'hidden layers (default: 128)', sizes)
    .option('--measure-every <steps>', 'gradient noise from per-example statistics', integer(1), 1)
    .option('--out <file>', `the report (default: ${REPORT}, where that is no other file)`)
    .addOption(runtimeOption())
    .action(demo);
}

async function demo({ epochs, batchSize, lr, hidden = [128], ...options }: DemoOptions): Promise<void> {
  const out = options.out ?? REPORT;
  checkOutput('--out', out);
  if (options.out === undefined) requireOwn(out);
  const steps = Math.max(1, Math.ceil((epochs * EXAMPLES) / batchSize));
  const spec: JobSpec = {
    job: 'train',
    data: 'mnist',
    model: { hidden, activation: 'ReLU' },
    batch_size: batchSize,
    steps,
    optimizer: { type: 'sgd', lr },
    seed: 0,
    measure: { every: options.measureEvery },
    evaluate: { every: Math.ceil(steps / ROWS) },
  };

  const table = new DemoTable();
  const progress = new Progress();
  let adapter: AdapterInfo | undefined;
  const printLine = (line: string) => {
    // A bar on the same terminal makes room.
    progress.close();
    return print(`${line}\n`);
  };
  try {
    const { result, exitCode } = await runHeadless(spec, {
      runtime: options.runtime,
      baseDir: process.cwd(),
      // The demo promises to do all set-up.
      install: true,
      onEvent: async (event) => {
        if (event.type === 'adapter') adapter = event.adapter;
        if (event.type === 'phase' && event.phase === 'training') await printLine(header());
        // The table has the evaluations.
        if (event.type !== 'evaluation') progress.show(event);
        const row = table.take(event);
        if (row !== undefined) await printLine(row);
      },
    });
    progress.close();
    const title = `${TITLE}MNIST, 784-${[...hidden, 10].join('-')}, B = ${batchSize}, ε = ${lr}`;
    const { readings, evaluations } = table;
    const report = renderReport({ title, adapter, spec, readings, evaluations, result });
    await writeOutput(out, report);
    process.stderr.write(`the curves are in ${resolve(out)}\n`);
    process.exitCode = exitCode;
    const accuracy = table.evaluations.at(-1)?.accuracy;
    if (exitCode !== 0 || typeof accuracy !== 'number') {
      throw new Error('the run diverged, so there is no test accuracy: try a lower --lr');
    }
    await print(`test accuracy ${(100 * accuracy).toFixed(2)} %\n`);
  } finally {
    progress.close();
  }
}

/** A file that nobody named is replaced where it is an earlier report only. @throws InputError */
function requireOwn(path: string): void {
  if (!existsSync(path) || readFileSync(path, 'utf8').includes(`<title>${TITLE}`)) return;
  throw new InputError(path, 'report', 'a file of that name is there and is none of ours: give --out');
}

function header(): string {
  return `${line(COLUMNS)}\n${'─'.repeat((COLUMNS.length - 1) * WIDTH + LAST_WIDTH)}`;
}

function line(cells: readonly string[]): string {
  return cells.map((cell, i) => cell.padStart(i === COLUMNS.length - 1 ? LAST_WIDTH : WIDTH)).join('');
}

/** Turns a job's events into rows, one for each evaluation, with means over the readings since the one before. */
class DemoTable {
  readonly readings: Reading[] = [];
  readonly evaluations: Evaluation[] = [];
  #begin = 0;

  take(event: JobEvent): string | undefined {
    if (event.type === 'readings') this.readings.push(...event.readings);
    if (event.type !== 'evaluation' || event.split !== 'test' || event.weights !== 'last') return undefined;
    this.evaluations.push(event);
    const recent = this.readings.slice(this.#begin);
    this.#begin = this.readings.length;
    const cells = [
      String(event.step),
      plain(mean(recent, 'loss')),
      event.accuracy === null ? '–' : `${(100 * event.accuracy).toFixed(2)}%`,
      plain(mean(recent, 'gradNormSqOfTrainingSet')),
      plain(mean(recent, 'traceCovariance')),
      noiseScaleText(this.readings.findLast(({ bSimple }) => bSimple !== undefined)),
    ];
    return line(cells);
  }
}

/** Four digits, in a form that programs read as well. */
function plain(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : String(Number(value.toPrecision(4)));
}

function mean(
  readings: readonly Reading[],
  key: 'loss' | 'gradNormSqOfTrainingSet' | 'traceCovariance',
): number | null {
  const values = readings.map((reading) => reading[key] ?? undefined).filter((value) => value !== undefined);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
