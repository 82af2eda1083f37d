import { Command, CommanderError } from 'commander';
import { registerBench } from './commands/bench.ts';
import { registerDemo } from './commands/demo.ts';
import { registerExperiment } from './commands/experiment.ts';
import { registerInfo } from './commands/info.ts';
import { registerLandscape } from './commands/landscape.ts';
import { registerMeasure } from './commands/measure.ts';
import { registerReproduce } from './commands/reproduce.ts';
import { registerSelftest } from './commands/selftest.ts';
import { registerSharpness } from './commands/sharpness.ts';
import { registerTrain } from './commands/train.ts';
import { registerTune } from './commands/tune.ts';
import { OutputError, STANDARD_OUTPUT } from './outputError.ts';
import { isEndingBySignal } from './signals.ts';

/** What the command ends with, beside a diverged run's 3. */
const EXIT = { ok: 0, failure: 1, badInput: 2 };

/** Errors by which a user's input is refused; by name, since those of the browser runtime come from a page. */
const BAD_INPUT = ['InputError', 'LimitError'];

const program = new Command('basin')
  .version(__BASIN_VERSION__)
  .description('A WebGPU laboratory for gradient noise and flat minima')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'basin: ')) })
  .showHelpAfterError('(--help after the command lists its options)');

registerTrain(program);
registerMeasure(program);
registerSharpness(program);
registerLandscape(program);
registerBench(program);
registerExperiment(program);
registerReproduce(program);
registerInfo(program);
registerSelftest(program);
registerDemo(program);
registerTune(program);

// Not awaited here: what is imported on demand lies below this in the built file, and must be evaluated first.
main();

async function main(): Promise<never> {
  process.exitCode = EXIT.ok;
  // What is not printed through `print` is the help.
  process.stdout.on('error', (error) => {
    process.exit(report(new OutputError(STANDARD_OUTPUT, error)));
  });
  // A run does not depend on whether anyone can be told how it goes.
  process.stderr.on('error', () => {});
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(error as Error);
  }
  if (isEndingBySignal()) return new Promise(() => {});
  // Dawn keeps a thread that would keep the process. What is still to be written goes first.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))),
  );
  process.exit();
}

function report(error: Error): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
  // A reader that closed the pipe (`| head`) wants no more, and a signal is an answer in itself.
  if (isEndingBySignal() || isUnwanted(error)) return EXIT.ok;
  process.stderr.write(`basin: ${error.message}\n`);
  if (process.env.BASIN_DEBUG && error.stack) process.stderr.write(`${error.stack}\n`);
  return BAD_INPUT.includes(error.name) ? EXIT.badInput : EXIT.failure;
}

function isUnwanted(error: Error): boolean {
  return error instanceof OutputError && error.output === STANDARD_OUTPUT && error.code === 'EPIPE';
}
