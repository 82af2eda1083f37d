import { type Command, Option } from 'commander';
import type { InstrumentCosts, InstrumentReport } from '../../bench/instruments/benchInstruments.ts';
import { FIRST_BY_DEFAULT } from '../../measure/firstExamples.ts';
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
  examples: string[];
  each?: boolean;
  out?: string;
}

/** Of those of the fixed subset that a line tells; `--out` has all. */
const SHOWN_ERRORS = [
  'hessian_noise bNoiseStderr',
  'hessian_noise epsMaxStderr',
  'density traceStderr',
  'keskar phiStderr',
];

/** `basin bench instruments`: what it costs to measure while a model trains. */
export function registerBenchInstruments(bench: Command): void {
  bench
    .command('instruments')
    .description('training on MNIST with instruments against training without')
    .addOption(
      new Option('--runtime <name>', 'where to compute').choices(['browser', 'node']).default('browser'),
    )
    .option('--rounds <n>', 'samples of each run', integer(1), 5)
    .option('--batch <sizes...>', 'batch sizes', ['64', '512'])
    .option('--examples <counts...>', 'examples that the instruments of a fixed subset look at, a run each', [
      `${FIRST_BY_DEFAULT}`,
    ])
    .option('--each', 'also each instrument alone')
    .option('--out <file>', 'also write all samples there, as JSON')
    .action(instruments);
}

async function instruments({
  runtime,
  rounds,
  batch,
  examples,
  each = false,
  out,
}: InstrumentOptions): Promise<void> {
  checkOutput('--out', out);
  const progress = new Progress();
  try {
    const [batches, counts] = [batch, examples].map((list) => list.map((size) => integer(1)(size))) as [
      number[],
      number[],
    ];
    const { result } = await runHeadless(
      { job: 'benchInstruments', rounds, batches, examples: counts, each },
      { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
    );
    const report = { ...describeMachine(), runtime, ...(result as InstrumentReport) };
    if (out !== undefined) await saveJson(out, report);
    await print(`${text(report)}\n`);
  } finally {
    progress.close();
  }
}

function text({ adapter, rounds, test, models }: InstrumentReport): string {
  const { vendor, architecture, device, description, software } = adapter;
  const named = [vendor, architecture, device, description].filter(Boolean).join(' ');
  return [
    `${named}${software ? ': a software adapter, its times say nothing about a GPU' : ''}`,
    ...models.flatMap((costs) => ['', ...table(costs)]),
    '',
    `medians of ${rounds} rounds; every instrument as it is by default, accuracy over ${test} examples for testing; counted: by multiply-adds of products and convolutions alone`,
  ].join('\n');
}

function table({ model, batch, rows }: InstrumentCosts): string[] {
  const head = [
    `${model}, B = ${batch}`,
    'ms a step',
    'plain runs',
    'single rounds',
    'counted',
    'at most',
    '',
  ];
  const table = aligned(
    [
      head,
      ...rows.map(({ what, median, ratio, counted, limit }) => [
        what,
        median.toFixed(2),
        ratio.median.toFixed(2),
        `${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)}`,
        counted.toFixed(2),
        limit === null ? '' : limit.toFixed(2),
        limit === null ? '' : ratio.median <= limit ? 'holds' : 'MISSED',
      ]),
    ],
    1,
  );
  const errors = rows.flatMap(({ what, relativeErrors }) => {
    const told = Object.entries(relativeErrors).filter(([key]) => SHOWN_ERRORS.includes(key));
    if (told.length < SHOWN_ERRORS.length) return [];
    const each = told.map(
      ([key, error]) => `${key.replace(/ (.*)Stderr$/, ' $1')} ${(100 * error).toFixed(0)} %`,
    );
    return [`standard errors, ${what}: ${each.join(', ')}`];
  });
  return [...table, ...errors];
}
