import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Experiment } from '../../experiments/experiment.ts';
import type { ExperimentResult } from '../../experiments/experimentResult.ts';
import { experiments } from '../../experiments/index.ts';
import { partOption } from '../../experiments/partOption.ts';
import { readPart } from '../../experiments/protocol.ts';
import { InputError } from '../../host/inputError.ts';
import { showValue } from '../../host/showValue.ts';
import { CellFolder } from '../cellFolder.ts';
import { checkOutputs } from '../checkOutput.ts';
import { experimentList, experimentText, partText } from '../experimentText.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { checkFigureName, saveFigure } from '../saveFigure.ts';
import { saveJson } from '../saveResult.ts';
import { runtimeOption } from './outputOptions.ts';

/** Beside these, the parts of the protocol by their names. */
type ExperimentOptions = {
  preset?: string;
  cells?: string;
  out?: string;
  figure?: string;
  runtime: HeadlessOptions['runtime'];
} & Record<string, string | undefined>;

/** What the command works with: tests give others. */
interface Means {
  readonly list: readonly Experiment[];
  readonly run: typeof runHeadless;
  readonly print: (text: string) => Promise<void>;
}

/**
 * `basin experiment …`: a paper's claim, its protocol, and a verdict. A command for each experiment of the list, with an option for each
 * part of its protocol.
 */
export function registerExperiment(
  program: Command,
  means: Means = { list: experiments, run: runHeadless, print },
): void {
  const { list } = means;
  const command = program
    .command('experiment')
    .description('put a claim to the test: protocol, effect sizes with intervals, verdict')
    .argument('[id]', 'which')
    .option('--list', 'show the experiments there are')
    .action(async (id: string | undefined, options: { list?: true }) => {
      if (options.list) return means.print(`${experimentList(list)}\n`);
      const names = list.map((each) => each.id).join(', ');
      throw new InputError('command line', 'experiment', `is ${showValue(id)}, expected one of ${names}`);
    });
  for (const experiment of list) addExperiment(command, experiment, means);
}

function addExperiment(parent: Command, experiment: Experiment, means: Means): void {
  const { id, statement, source, withdrawn, presets, parts } = experiment;
  const { standard } = presets;
  const command = parent
    .command(id)
    .summary(`${statement}${withdrawn === undefined ? '' : ' (withdrawn)'}`)
    .description(`${statement} (${source})${withdrawn === undefined ? '' : `\nwithdrawn: ${withdrawn}`}`)
    .option('--preset <name>', `${Object.keys(presets).join(', ')} (standard)`)
    .option('--cells <folder>', 'keep each finished cell there; those that are there are not measured again')
    .option('--out <file>', 'also write everything there, as JSON')
    .option('--figure <file.svg>', 'also draw its figure there')
    .addOption(runtimeOption());
  for (const [part, value] of Object.entries(standard)) {
    const kind = typeof value === 'string' ? 'text' : typeof value === 'number' ? 'n' : 'n,n,…';
    command.option(`--${partOption(part)} <${kind}>`, `${parts[part]} (${partText(value)})`);
  }
  command.action((options: ExperimentOptions) => runExperiment(experiment, options, means));
}

async function runExperiment(
  { id, presets }: Experiment,
  { preset, cells, out, figure, runtime, ...given }: ExperimentOptions,
  { run, print }: Means,
): Promise<void> {
  const outputs = { '--out': out, '--figure': figure };
  checkFigureName(figure);
  checkOutputs(outputs);
  const folder = cells === undefined ? undefined : new CellFolder(cells);
  const protocol = Object.fromEntries(
    Object.entries(given).map(([part, text]) => [part, readPart(text!, presets.standard[part]!)]),
  );
  const progress = new Progress();
  try {
    const { result } = await run(
      {
        job: 'experiment',
        id,
        protocol,
        ...(preset === undefined ? {} : { preset }),
        ...(cells === undefined ? {} : { cells: resolve(cells) }),
      },
      {
        runtime,
        baseDir: process.cwd(),
        outputs,
        onEvent: async (event) => {
          if (event.type === 'cell') await folder?.write(event.name, event.cell);
          progress.show(event);
        },
      },
    );
    progress.close();
    const found = result as ExperimentResult;
    if (out !== undefined) await saveJson(out, found);
    if (figure !== undefined) {
      if (found.figure) await saveFigure(figure, found.figure);
      else process.stderr.write(`basin: ${figure} is not written: nothing is judged, so nothing is drawn\n`);
    }
    await print(`${experimentText(found)}\n`);
  } finally {
    progress.close();
  }
}
