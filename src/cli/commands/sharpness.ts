import type { Command } from 'commander';
import type { JobSpec } from '../../jobs/job.ts';
import type { SharpnessResult } from '../../measure/sharpness/sharpnessResult.ts';
import { sharpnessFigure } from '../../present/figures/sharpnessFigure.ts';
import { recordedKernels } from '../recordedKernels.ts';
import { sharpnessSummary } from '../sharpnessSummary.ts';
import { integer, number, numbers } from '../trainOptions.ts';
import { addOutputOptions } from './outputOptions.ts';
import { type OutputOptions, runCommand } from './runCommand.ts';

interface SharpnessOptions extends OutputOptions {
  model: string;
  weights: string;
  weightsPrefix?: string;
  weightsByOrder?: boolean;
  data: string;
  eval?: boolean;
  epsilon?: number[];
  subspace?: number;
  iterations?: number;
  seed?: number;
  rho?: number;
  adaptiveRho?: number;
  eta?: number;
  kernels?: string;
  json?: boolean;
}

/** `basin sharpness`: how sharp the loss is at one point. */
export function registerSharpness(program: Command): void {
  const command = program
    .command('sharpness')
    .description("measure how sharp the loss is at one point: Keskar's φ, SAM's and ASAM's steps")
    .requiredOption('--model <file>', 'model.json')
    .requiredOption('--weights <file>', 'safetensors file of the state dict')
    .requiredOption('--data <name or file>', 'built-in data set, safetensors, .npz or IDX file')
    .option('--weights-prefix <prefix>', 'read the weights under this prefix, such as swa.')
    .option('--weights-by-order', 'match modules of other names to the layers by shapes and order')
    .option('--eval', 'BatchNorm in eval mode, not in train mode')
    .option('--epsilon <values...>', "Keskar's boxes: |z| ≤ ε(|θ| + 1) (1e-3 and 5e-4)", list)
    .option('--subspace <p>', '… also in a random subspace of p dimensions', integer(1))
    .option('--iterations <K>', 'of sign ascent and of L-BFGS-B, each', integer(1), 10)
    .option('--seed <n>', 'seed of the subspace, and of where both start', integer(0), 0)
    .option('--rho <ρ>', "length of SAM's step", number, 0.05)
    .option('--adaptive-rho <ρ>', "length of ASAM's step, in units of the parameters", number, 0.5)
    .option('--eta <η>', '… to whose sizes this is added; 0 leaves it invariant', number, 0)
    .option('--kernels <result.json>', 'take the kernels that this result records');
  addOutputOptions(command)
    .option('--figure <file.svg>', "also draw φ over the boxes' ε there, as SVG")
    .option('--json', 'the whole result as JSON also on a terminal, which gets a summary otherwise')
    .action(async ({ out, tensors, figure, runtime, json, ...options }: SharpnessOptions) => {
      const spec = {
        job: 'sharpness',
        model: options.model,
        weights: options.weights,
        data: options.data,
        weights_prefix: options.weightsPrefix,
        weights_by_order: options.weightsByOrder,
        eval: options.eval,
        epsilon: options.epsilon,
        subspace: options.subspace,
        iterations: options.iterations,
        seed: options.seed,
        rho: options.rho,
        adaptive_rho: options.adaptiveRho,
        eta: options.eta,
        kernels: recordedKernels(options.kernels),
      };
      const summary = process.stdout.isTTY && !json;
      await runCommand(
        // Keys without a value are left out: a spec is JSON.
        JSON.parse(JSON.stringify(spec)) as JobSpec,
        { out, tensors, figure, runtime },
        {
          baseDir: process.cwd(),
          inputs: [options.kernels ?? []].flat(),
          textOf: summary ? sharpnessSummary : undefined,
          figureOf: (result) => sharpnessFigure(result as unknown as SharpnessResult),
        },
      );
    });
}

/** More numbers of a list: one, or several separated by commas. */
function list(text: string, before: number[] = []): number[] {
  return [...before, ...numbers(text)];
}
