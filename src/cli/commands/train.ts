import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { InputError } from '../../host/inputError.ts';
import { parseJson } from '../../host/parseJson.ts';
import { showValue } from '../../host/showValue.ts';
import type { JobSpec } from '../../jobs/job.ts';
import { checkTrainSpec } from '../../jobs/planRun.ts';
import { requireSnapshotKey } from '../../jobs/runSnapshots.ts';
import { DEFAULT_BATCH_SIZE, type TrainSpec } from '../../jobs/trainSpec.ts';
import { fileHost } from '../fileHost.ts';
import { readInput } from '../readInput.ts';
import { recordedKernels } from '../recordedKernels.ts';
import { replicaNames } from '../replicaNames.ts';
import { inGivenWords } from '../trainErrors.ts';
import {
  batchRule,
  integer,
  integers,
  type Json,
  keyValues,
  number,
  numbers,
  sizes,
  type TrainOptions,
  trainSpec,
  typed,
} from '../trainOptions.ts';
import { addOutputOptions } from './outputOptions.ts';
import { type OutputOptions, runCommand } from './runCommand.ts';

interface OwnOptions {
  kernels?: string;
  resume?: boolean;
}

/** `basin train [train.json] …`: one training run, or several replicas in one program. */
export function registerTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a model; options replace what the file says')
    .argument(
      '[train.json]',
      'what to train, its paths relative to its own folder; or the result of a run, to repeat it',
    )
    .option('--data <name or file>', 'built-in data set (mnist, …), safetensors, .npz, IDX or text file')
    .option('--average-pool <k>', 'means of k × k pixels in place of the images (default: 1)', integer(1))
    .option('--subset <n>', 'so many of the training examples, drawn by the data seed', integer(1))
    .option('--label-noise <p>', '… labels replaced by others with probability p (default: 0)', number)
    .option('--shift <s>', 'training images shifted by −s to s pixels at random', integer(1))
    .option('--flip', '… mirrored with probability ½')
    .option('--crop-padding <p>', '… in place of --shift: windows of the image padded by p', integer(1))
    .option('--model <file>', 'model.json')
    .option('--hidden <sizes...>', 'instead of --model: a perceptron with these hidden layers', sizes)
    .option('--activation <name>', 'with --hidden: ReLU, Tanh, Sigmoid or GELU (default: ReLU)')
    .option(
      '--transformer <layers,width,heads>',
      'instead of --model, for texts: a causal Transformer, such as 2,64,4',
      integers(1),
    )
    .option('--weights <file>', "initial weights, safetensors (default: PyTorch's initialisation)")
    .option('--weights-prefix <prefix>', 'read the weights under this prefix, such as swa.')
    .option('--weights-by-order', 'match modules of other names to the layers by shapes and order')
    .option('--batch-size <n>', `examples a step (default: ${DEFAULT_BATCH_SIZE})`, integer(1))
    .option('--epochs <n>', 'passes over the data (default: 1)', number)
    .option('--steps <n>', 'steps, instead of --epochs', integer(0))
    .option('--order <name or file>', 'shuffle, iid, sequential, or a file of indices (default: shuffle)')
    .option('--seed <n,…>', 'seed from which those of weights and order follow (default: 0)', integers(0))
    .option('--init-seed <n,…>', '… that of the initial weights by itself', integers(0))
    .option('--order-seed <n,…>', '… that of the order of examples and of Dropout by itself', integers(0))
    .option(
      '--data-seed <n,…>',
      '… that of subset, label noise, augmentation, and of a synthetic set',
      integers(0),
    )
    .option('--optimizer <name>', 'sgd, adam or adamw, as in torch.optim (default: sgd)')
    .option('--lr <ε,…>', 'learning rate (default under Adam: 0.001)', numbers)
    .option('--momentum <m,…>', 'momentum (default: 0)', numbers)
    .option('--nesterov', 'Nesterov momentum')
    .option('--weight-decay <λ,…>', 'weight decay, coupled but for adamw (default: 0; adamw: 0.01)', numbers)
    .option('--dampening <d>', 'dampening of the momentum (default: 0)', number)
    .option('--betas <β₁,β₂>', 'of Adam (default: 0.9,0.999)', numbers)
    .option('--eps <eps>', 'of Adam (default: 1e-8)', number)
    .option('--amsgrad', 'of Adam: divide by the largest second moment so far')
    .option('--replicas <n>', 'replicas with seeds counted up from --seed (default: 1)', integer(1))
    .option(
      '--schedule <type:key=value,…>',
      'constant, step:step_size=…,gamma=…, cosine:T_max=…, swa:… (default: constant)',
      typed,
    )
    .option(
      '--batch-schedule <rule:key=value,…>',
      'B by a rule: grow:max_batch_size=…, noise:examples_per_step=…,check_every=…,lr_law=… (default: constant)',
      batchRule,
    )
    .option(
      '--lr-search [key=value,…]',
      'scale ε to the best of one step, by a line search: after=…,draws=…,examples=…',
      keyValues,
    )
    .option('--warmup <steps>', 'steps over which the rate rises (default: 0)', integer(0))
    .option('--swa-start <step>', 'average the weights (SWA) from this step (default: 1)', integer(1))
    .option('--swa-every <steps>', '… every so many steps (default: 1)', integer(1))
    .option('--ema-decay <decay>', 'keep an exponential average of the weights', number)
    .option(
      '--averaging <type:key=value,…>',
      'swa, ema:decay=…, lawa:last=…, swag, each with start=…,every=…,bn_order=shuffle',
      typed,
    )
    .option('--measure-every <steps>', 'gradient noise from per-example statistics', integer(1))
    .option(
      '--measure-small-batch <b>',
      '… of sub-batches; with BatchNorm of ghost batches (default: 1)',
      integer(1),
    )
    .option('--measure-tests', '… with tests of the gradient and standard errors')
    .option('--record-every <steps>', 'losses (default: 1)', integer(1))
    .option('--kernels <result.json>', 'take the kernels that this result records: the same bits again')
    .option(
      '--evaluate-every <steps>',
      'loss and accuracy on the test data (default: at the end)',
      integer(1),
    )
    .option(
      '--sample [length]',
      'a text that the model goes on with, at each evaluation (default: 200)',
      integer(1),
    )
    .option('--sample-prompt <text>', '… what it goes on from (default: a line break)')
    .option('--sample-temperature <τ>', '… less than 1 for likelier symbols (default: 1)', number)
    .option('--snapshot <file>', 'keep the whole run in this file, so that it can be resumed')
    .option('--snapshot-every <steps>', '… written anew every so many steps, and after the last', integer(1))
    .option('--resume', 'go on from the snapshot, or begin at the start where there is none yet');
  addOutputOptions(command).addHelpText(
    'after',
    '\nSeveral values of --lr, --momentum, --weight-decay or a seed, separated by commas, train one replica for\n' +
      'each combination, all in one program.\n\n' +
      'Example: basin train --data mnist --hidden 64 --batch-size 64 --lr 0.1 --epochs 2 --replicas 4',
  );
  command.action(async (file: string | undefined, options: TrainOptions & OutputOptions & OwnOptions) => {
    if (file === undefined && options.data === undefined) {
      command.error('error: nothing to train on: give a train.json or --data');
    }
    const baseDir = file === undefined ? process.cwd() : dirname(resolve(file));
    const content = file === undefined ? {} : readDescription(file);
    // The file's paths are taken against its folder; those of the command line are against this one.
    const spec = trainSpec(content, options, (name) => (file === undefined ? name : resolve(name)));
    const kernels = recordedKernels(options.kernels);
    if (kernels !== undefined) spec.kernels = kernels;
    try {
      const checked = await checkTrainSpec(spec as unknown as TrainSpec, fileHost(baseDir));
      if (options.resume) requireSnapshotKey(checked);
      await runCommand({ ...spec, job: 'train', resume: options.resume } as unknown as JobSpec, options, {
        baseDir,
        snapshot: checked.snapshot && { file: resolve(baseDir, checked.snapshot.file), read: options.resume },
        inputs: [file ?? [], options.kernels ?? []].flat(),
        replicas: replicaNames(checked),
      });
    } catch (error) {
      throw inGivenWords(error, file, options);
    }
  });
}

/** A train.json's content, or the job of a result, with the kernels that it took. */
function readDescription(file: string): Json {
  const content = readObject(file);
  if (!('job' in content)) return content;
  const { job, kernels, version } = content;
  if (!isObject(job)) throw new InputError(file, 'job', 'unknown key');
  if (version !== __BASIN_VERSION__) {
    process.stderr.write(
      `${file} is a result of basin ${showValue(version)}, this is ${__BASIN_VERSION__}\n`,
    );
  }
  return { ...(kernels === undefined ? {} : { kernels }), ...job };
}

function readObject(file: string): Json {
  const content = parseJson(file, 'JSON', readInput(file));
  if (isObject(content)) return content;
  throw new InputError(file, 'JSON', 'found no object, expected one with "model", "data" and so on');
}

function isObject(content: unknown): content is Json {
  return typeof content === 'object' && content !== null && !Array.isArray(content);
}
