import { type Command, Option } from 'commander';
import { InputError } from '../../host/inputError.ts';
import type { JobSpec } from '../../jobs/job.ts';
import type { SpectralDensity } from '../../measure/curvature/spectralDensity.ts';
import { instruments } from '../../measure/instruments.ts';
import { densityFigure } from '../../present/figures/densityFigure.ts';
import { measureSummary } from '../measureSummary.ts';
import { recordedKernels } from '../recordedKernels.ts';
import { integer, number } from '../trainOptions.ts';
import { addOutputOptions } from './outputOptions.ts';
import { type OutputOptions, runCommand } from './runCommand.ts';

interface MeasureOptions extends OutputOptions {
  model: string;
  weights: string;
  weightsPrefix?: string;
  weightsByOrder?: boolean;
  data: string;
  hvp?: string;
  eigenvalues?: number;
  smallest?: number;
  density?: boolean;
  logDet?: number;
  starts?: number;
  steps?: number;
  operator?: string;
  tests?: boolean;
  signalToNoise?: boolean;
  histogram?: number;
  histogramParameters?: number;
  trace?: boolean;
  exact?: boolean;
  quantities?: readonly string[];
  eval?: boolean;
  ghostBatch?: number;
  ghostOrder?: string;
  probes?: number;
  seed?: number;
  kernels?: string;
  json?: boolean;
}

/** What a figure shows of a measurement. */
interface WithDensity {
  readonly job: { readonly operator?: string };
  readonly hessian: { readonly density: SpectralDensity };
}

const OPERATORS: Readonly<Record<string, string>> = {
  'gauss-newton': 'Gauss-Newton matrix',
  'empirical-fisher': 'empirical Fisher matrix',
};

function densityOf({ job, hessian: { density } }: WithDensity): ReturnType<typeof densityFigure> {
  return densityFigure(density, OPERATORS[job.operator ?? '']);
}

/** `basin measure`: statistics of the gradient, and curvature, at one point. */
export function registerMeasure(program: Command): void {
  const command = program
    .command('measure')
    .description('measure gradient statistics and curvature at one point')
    .requiredOption('--model <file>', 'model.json')
    .requiredOption('--weights <file>', 'safetensors file of the state dict')
    .requiredOption('--data <name or file>', 'built-in data set, safetensors, .npz or IDX file')
    .option('--weights-prefix <prefix>', 'read the weights under this prefix, such as swa.')
    .option('--weights-by-order', 'match modules of other names to the layers by shapes and order')
    .option('--hvp <file>', 'also multiply the Hessian with the vector in this file')
    .option('--eigenvalues <K>', 'also find the K largest eigenvalues of the Hessian', integer(1))
    .option('--smallest <K>', '… and the K smallest', integer(1))
    .option('--density', '… and estimate the density of its eigenvalues')
    .option('--log-det <shift>', '… and ln det(H + shift·I)', number)
    .option('--starts <n>', 'random vectors behind the density and the determinant', integer(2), 8)
    .option('--steps <n>', 'Lanczos steps from each of them', integer(1), 64)
    .addOption(
      new Option('--operator <name>', 'the matrix of --eigenvalues, --trace and the like')
        .choices(['hessian', 'gauss-newton', 'empirical-fisher'])
        .default('hessian'),
    )
    .option('--tests', 'also the norm, inner-product and orthogonality test of the gradient')
    .option('--signal-to-noise', "also the gradient's signal-to-noise ratio, overall and by coordinate")
    .addOption(
      new Option(
        '--histogram [bins]',
        "also histograms of the elements of the examples' gradients (101 bins if no number is given)",
      )
        .argParser(integer(1))
        .preset('101'),
    )
    .addOption(
      new Option('--histogram-parameters [bins]', '… and by the value of the parameter (20 bins)')
        .argParser(integer(1))
        .preset('20'),
    )
    .option('--trace', 'also estimate the trace of the Hessian')
    .addOption(
      new Option('--quantities <types...>', 'also these, by the types of their instruments').choices(
        instruments.filter(({ ofData }) => ofData).map(({ type }) => type),
      ),
    )
    .option('--exact', 'compute traces from every example, every parameter')
    .option('--probes <n>', 'random vectors behind each estimated trace', integer(2), 16)
    .option('--seed <n>', 'seed of the random vectors, and of --ghost-order shuffle', integer(0), 0)
    .option('--kernels <result.json>', 'take the kernels that this result records')
    .option('--eval', 'BatchNorm in eval mode, not in train mode')
    .option(
      '--ghost-batch <b>',
      'take each b consecutive examples as one unit, a batch of its own',
      integer(1),
    )
    .addOption(
      new Option('--ghost-order <order>', 'units of the examples as the file has them, or shuffled by --seed')
        .choices(['file', 'shuffle'])
        .default('file'),
    );
  addOutputOptions(command)
    .option('--figure <file.svg>', 'also draw the density of the eigenvalues there, as SVG; takes --density')
    .option('--json', 'the whole result as JSON also on a terminal, which gets a summary otherwise')
    .action(async ({ out, tensors, figure, runtime, json, ...options }: MeasureOptions) => {
      if (figure !== undefined && !options.density) {
        const reason = 'the figure of a measurement is of the density of the eigenvalues; give --density too';
        throw new InputError('measure', '--figure', reason);
      }
      const spec = {
        job: 'measure',
        model: options.model,
        weights: options.weights,
        data: options.data,
        weights_prefix: options.weightsPrefix,
        weights_by_order: options.weightsByOrder,
        hvp: options.hvp,
        eigenvalues: options.eigenvalues,
        smallest: options.smallest,
        density: options.density,
        log_det: options.logDet,
        starts: options.starts,
        steps: options.steps,
        operator: options.operator,
        tests: options.tests,
        signal_to_noise: options.signalToNoise,
        histogram: options.histogram,
        histogram_parameters: options.histogramParameters,
        trace: options.trace,
        quantities: options.quantities,
        exact: options.exact,
        eval: options.eval,
        ghost_batch: options.ghostBatch,
        ghost_order: options.ghostOrder,
        probes: options.probes,
        seed: options.seed,
        kernels: recordedKernels(options.kernels),
      };
      // Keys without a value are left out: a spec is JSON.
      const summary = process.stdout.isTTY && !json;
      await runCommand(
        JSON.parse(JSON.stringify(spec)) as JobSpec,
        { out, tensors, figure, runtime },
        {
          baseDir: process.cwd(),
          inputs: [options.kernels ?? []].flat(),
          textOf: summary ? measureSummary : undefined,
          figureOf: (result) => densityOf(result as unknown as WithDensity),
        },
      );
    });
}
