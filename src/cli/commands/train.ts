import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { JobSpec } from '../../jobs/job.ts';
import { InputError } from '../../nn/inputError.ts';
import { parseJson } from '../../nn/parseJson.ts';
import { readInput } from '../readInput.ts';
import { recordedKernels } from '../recordedKernels.ts';
import {
  integer,
  integers,
  type Json,
  number,
  numbers,
  schedule,
  sizes,
  type TrainOptions,
  trainSpec,
} from '../trainOptions.ts';
import { addOutputOptions } from './outputOptions.ts';
import { type OutputOptions, runCommand } from './runCommand.ts';

/** `basin train [train.json] …`: one training run, or several replicas in one program. */
export function registerTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a model; options replace what the file says')
    .argument('[train.json]', 'what to train; its paths are relative to its own folder')
    .option('--data <name or file>', 'built-in data set (mnist, …), safetensors, .npz or IDX file')
    .option('--model <file>', 'model.json')
    .option('--hidden <sizes...>', 'instead of --model: a perceptron with these hidden layers', sizes)
    .option('--activation <name>', 'with --hidden: ReLU (default), Tanh, Sigmoid or GELU')
    .option('--weights <file>', "initial weights, safetensors; PyTorch's initialisation without")
    .option('--weights-prefix <prefix>', 'read the weights under this prefix, such as swa.')
    .option('--weights-by-order', 'match modules of other names to the layers by shapes and order')
    .option('--batch-size <n>', 'examples a step', integer(1))
    .option('--epochs <n>', 'passes over the data', number)
    .option('--steps <n>', 'steps, instead of --epochs', integer(0))
    .option('--order <name or file>', 'shuffle, iid, sequential, or a file of indices')
    .option('--seed <n,…>', 'seed of weights and order', integers(0))
    .option('--lr <ε,…>', 'learning rate', numbers)
    .option('--momentum <m,…>', 'momentum', numbers)
    .option('--nesterov', 'Nesterov momentum')
    .option('--weight-decay <λ,…>', 'weight decay, coupled as in torch.optim.SGD', numbers)
    .option('--dampening <d>', 'dampening of the momentum', number)
    .option('--replicas <n>', 'replicas with seeds counted up from --seed', integer(1))
    .option(
      '--schedule <type:key=value,…>',
      'constant, step:step_size=…,gamma=…, cosine:T_max=…, swa:…',
      schedule,
    )
    .option('--warmup <steps>', 'steps over which the rate rises', integer(0))
    .option('--swa-start <step>', 'average the weights (SWA) from this step', integer(1))
    .option('--swa-every <steps>', '… every so many steps', integer(1))
    .option('--ema-decay <decay>', 'keep an exponential average of the weights', number)
    .option('--measure-every <steps>', 'gradient noise from per-example statistics', integer(1))
    .option('--measure-small-batch <b>', '… of sub-batches; with BatchNorm of ghost batches', integer(1))
    .option('--measure-tests', '… with tests of the gradient and standard errors')
    .option('--record-every <steps>', 'losses', integer(1))
    .option('--kernels <result.json>', 'take the kernels that this result records: the same bits again')
    .option('--evaluate-every <steps>', 'loss and accuracy on the test data', integer(1));
  addOutputOptions(command).addHelpText(
    'after',
    '\nSeveral values of --lr, --momentum, --weight-decay or --seed, separated by commas, train one replica for\n' +
      'each combination, all in one program.\n\n' +
      'Example: basin train --data mnist --hidden 64 --batch-size 64 --lr 0.1 --epochs 2 --replicas 4',
  );
  command.action(
    async (file: string | undefined, options: TrainOptions & OutputOptions & { kernels?: string }) => {
      if (file === undefined && options.data === undefined) {
        command.error('error: nothing to train on: give a train.json or --data');
      }
      const baseDir = file === undefined ? process.cwd() : dirname(resolve(file));
      const content = file === undefined ? {} : readJson(file);
      // The file's paths are taken against its folder; those of the command line are against this one.
      const spec = trainSpec(content, options, (name) => (file === undefined ? name : resolve(name)));
      const kernels = recordedKernels(options.kernels);
      if (kernels !== undefined) spec.kernels = kernels;
      await runCommand({ ...spec, job: 'train' } as unknown as JobSpec, baseDir, options);
    },
  );
}

function readJson(file: string): Json {
  const content = parseJson(file, 'JSON', readInput(file));
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new InputError(file, 'JSON', 'found no object, expected one with "model", "data" and so on');
  }
  if ('job' in content) throw new InputError(file, 'job', 'unknown key');
  return content as Json;
}
