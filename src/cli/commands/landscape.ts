import { type Command, InvalidArgumentError, Option } from 'commander';
import type { JobSpec } from '../../jobs/job.ts';
import type { LandscapeResult } from '../../measure/landscape/landscapeResult.ts';
import { landscapeFigure } from '../../present/figures/landscapeFigure.ts';
import { recordedKernels } from '../recordedKernels.ts';
import { integer, type Json, number } from '../trainOptions.ts';
import { weightsFile } from '../weightsFile.ts';
import { addOutputOptions } from './outputOptions.ts';
import { type OutputOptions, runCommand } from './runCommand.ts';

/** Options of every kind of landscape. */
interface LandscapeOptions extends OutputOptions {
  model: string;
  data: string;
  test?: string;
  batchNorm?: string;
  bnBatchSize?: number;
  weightsPrefix?: string;
  weightsByOrder?: boolean;
  kernels?: string;
}

type LineOptions = LandscapeOptions & {
  from: string;
  to: string;
  range?: number[];
  points?: number;
  curved?: boolean;
};

type PlaneOptions = LandscapeOptions & {
  through: string[];
  mark?: [name: string, file: string][];
  points?: number[];
  margin?: number;
};

type RaysOptions = LandscapeOptions & {
  weights: string;
  rays?: number;
  radius?: number;
  points?: number;
  seed?: number;
  filterNormalised?: boolean;
};

/** `basin landscape`: the loss along lines, over planes and along random rays. */
export function registerLandscape(program: Command): void {
  const landscape = program
    .command('landscape')
    .description('evaluate the loss along a line, over a plane or along random rays')
    .addHelpText(
      'after',
      '\nFiles of weights may be written file#prefix, such as run.safetensors#swa. for the average in it.',
    );
  kind(landscape, 'line', 'the loss along the line through two solutions')
    .requiredOption('--from <file>', 'weights at t = 0')
    .requiredOption('--to <file>', 'weights at t = 1')
    .option('--range <t...>', 'smallest and largest t (default: -1 2)', list(number))
    .option('--points <n>', 'points, ends included (default: 25)', integer(2))
    .option('--curved', 'cos(tπ/2) and sin(tπ/2) as weights of the two')
    .action(({ from, to, range, points, curved, ...options }: LineOptions) =>
      run('line', options, { from: weightsFile(from), to: weightsFile(to), range, points, curved }),
    );
  kind(landscape, 'plane', 'the loss over the plane through three solutions')
    .requiredOption('--through <files...>', 'the weights of three solutions')
    .option('--mark <name=file...>', 'further weights whose place in the plane is told', named)
    .option('--points <n...>', 'points along x and y (default: 21 21)', list(integer(2)))
    .option(
      '--margin <share>',
      'how far past solutions and marks, in parts of their extent (default: 0.3)',
      number,
    )
    .action(({ through, mark, points, margin, ...options }: PlaneOptions) => {
      const marks = mark && Object.fromEntries(mark.map(([name, file]) => [name, weightsFile(file)]));
      return run('plane', options, { through: through.map(weightsFile), mark: marks, points, margin });
    });
  kind(landscape, 'rays', 'the loss along random rays from one solution')
    .requiredOption('--weights <file>', 'weights at t = 0')
    .option('--rays <n>', 'how many (default: 10)', integer(1))
    .option('--radius <t>', 'the largest t (default: 5)', number)
    .option('--points <n>', 'points of a ray, ends included (default: 21)', integer(2))
    .option('--seed <n>', 'seed of the directions (default: 0)', integer(0))
    .option('--filter-normalised', "give each filter of a direction the norm of the solution's")
    .action(({ weights, rays, radius, points, seed, filterNormalised, ...options }: RaysOptions) =>
      run('rays', options, {
        weights: weightsFile(weights),
        rays,
        radius,
        points,
        seed,
        filter_normalised: filterNormalised,
      }),
    );
}

function kind(landscape: Command, name: string, description: string): Command {
  const command = landscape
    .command(name)
    .description(description)
    .requiredOption('--model <file>', 'model.json')
    .requiredOption('--data <name or file>', 'built-in data set, safetensors, .npz or IDX file')
    .option('--test <name or file>', 'also evaluate these examples; of a built-in data set its test split')
    .addOption(
      new Option(
        '--batch-norm <how>',
        "BatchNorm's running statistics: anew at each point by a pass over --data, or the files' (default: recompute)",
      ).choices(['recompute', 'stored']),
    )
    .option('--bn-batch-size <b>', 'examples of a batch of that pass (default: 256)', integer(1))
    .option('--weights-prefix <prefix>', 'read weights under this prefix, such as swa.')
    .option('--weights-by-order', 'match modules of other names to the layers by shapes and order')
    .option('--kernels <result.json>', 'take the kernels that this result records');
  return addOutputOptions(command).option('--figure <file.svg>', 'also draw it there, as SVG');
}

async function run(
  of: 'line' | 'plane' | 'rays',
  { out, tensors, figure, runtime, kernels, ...options }: LandscapeOptions,
  own: Json,
): Promise<void> {
  const spec = {
    job: 'landscape',
    kind: of,
    model: options.model,
    data: options.data,
    test: options.test,
    batch_norm: options.batchNorm,
    bn_batch_size: options.bnBatchSize,
    weights_prefix: options.weightsPrefix,
    weights_by_order: options.weightsByOrder,
    kernels: recordedKernels(kernels),
    ...own,
  };
  // Keys without a value are left out: a spec is JSON.
  await runCommand(
    JSON.parse(JSON.stringify(spec)) as JobSpec,
    { out, tensors, figure, runtime },
    {
      baseDir: process.cwd(),
      inputs: [kernels ?? []].flat(),
      figureOf: (result) => landscapeFigure(result as unknown as LandscapeResult),
    },
  );
}

/** Collects what a variadic option gives, each by the same parser. */
function list<T>(parse: (text: string) => T): (text: string, before?: T[]) => T[] {
  return (text, before = []) => [...before, parse(text)];
}

/** `name=file`, one after another. */
function named(text: string, before: [string, string][] = []): [string, string][] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('Expected name=file.');
  const name = text.slice(0, at);
  if (before.some(([other]) => other === name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
  return [...before, [name, text.slice(at + 1)]];
}
