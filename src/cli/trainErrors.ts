import { InputError } from '../host/inputError.ts';
import type { TrainOptions } from './trainOptions.ts';

/** Keys of a run's description, the option by which each is given, and what commander calls that. */
const OPTIONS: readonly [key: string, option: string, given: readonly (keyof TrainOptions)[]][] = [
  ['model.transformer', '--transformer', ['transformer']],
  ['model', '--model, --hidden or --transformer', ['model', 'hidden', 'transformer']],
  ['sample.prompt', '--sample-prompt', ['samplePrompt']],
  ['sample.temperature', '--sample-temperature', ['sampleTemperature']],
  ['sample', '--sample', ['sample']],
  ['data', '--data', ['data']],
  ['average_pool', '--average-pool', ['averagePool']],
  ['subset', '--subset', ['subset']],
  ['label_noise', '--label-noise', ['labelNoise']],
  ['augment.crop.padding', '--crop-padding', ['cropPadding']],
  ['augment.shift', '--shift', ['shift']],
  ['augment', '--shift, --flip or --crop-padding', ['shift', 'flip', 'cropPadding']],
  ['weights', '--weights', ['weights']],
  ['weights_prefix', '--weights-prefix', ['weightsPrefix']],
  ['order', '--order', ['order']],
  ['batch_size', '--batch-size', ['batchSize']],
  ['batch_schedule', '--batch-schedule', ['batchSchedule']],
  ['lr_search', '--lr-search', ['lrSearch']],
  ['steps', '--steps', ['steps']],
  ['epochs', '--epochs', ['epochs']],
  ['seed', '--seed', ['seed', 'replicas']],
  ['init_seed', '--init-seed', ['initSeed']],
  ['order_seed', '--order-seed', ['orderSeed']],
  ['data_seed', '--data-seed', ['dataSeed']],
  ['replicas', '--replicas', ['replicas']],
  ['lr', '--lr', ['lr']],
  ['momentum', '--momentum', ['momentum']],
  ['weight_decay', '--weight-decay', ['weightDecay']],
  ['betas', '--betas', ['betas']],
  ['eps', '--eps', ['eps']],
  ['optimizer.type', '--optimizer', ['optimizer']],
  ['optimizer.betas', '--betas', ['betas']],
  ['optimizer.eps', '--eps', ['eps']],
  ['optimizer.lr', '--lr', ['lr']],
  ['optimizer.momentum', '--momentum', ['momentum']],
  ['optimizer.weight_decay', '--weight-decay', ['weightDecay']],
  ['optimizer.dampening', '--dampening', ['dampening']],
  ['optimizer.nesterov', '--nesterov', ['nesterov']],
  ['lr_schedule.warmup', '--warmup', ['warmup']],
  ['lr_schedule', '--schedule', ['schedule']],
  ['averaging.start', '--swa-start', ['swaStart']],
  ['averaging.every', '--swa-every', ['swaEvery']],
  ['averaging.decay', '--ema-decay', ['emaDecay']],
  ['averaging', '--averaging', ['averaging']],
  ['measure.every', '--measure-every', ['measureEvery']],
  ['measure.small_batch', '--measure-small-batch', ['measureSmallBatch']],
  ['measure.tests', '--measure-tests', ['measureTests']],
  ['record_every', '--record-every', ['recordEvery']],
  ['snapshot.every', '--snapshot-every', ['snapshotEvery']],
  ['snapshot', '--snapshot', ['snapshot', 'snapshotEvery']],
  ['evaluate.every', '--evaluate-every', ['evaluateEvery']],
];

/** How the job names the description that it was given, and a part of that which is a file of its own elsewhere. */
const DESCRIPTION = /^train\.json( [^:]+)?: ([^:]+): (.*)$/s;

/**
 * The job's refusal of a run's description, in the words of whoever gave it: by the option where one says so, or could have;
 * else by the file that was given. Other errors stay as they are.
 * @param file the description's path, if there is one
 */
export function inGivenWords(error: unknown, file: string | undefined, options: TrainOptions): unknown {
  if (!(error instanceof Error) || error.name !== 'InputError') return error;
  const [found, part = '', item, reason] = DESCRIPTION.exec(error.message) ?? [];
  if (found === undefined) return error;
  const key = part === '' ? item!.replace(/^replicas\.\d+\./, '') : part.trim();
  const some = (names: readonly (keyof TrainOptions)[]) => names.some((name) => options[name] !== undefined);
  const matching = OPTIONS.filter(([name]) => key === name || key.startsWith(`${name}.`));
  const [, option, given = []] = matching.find(([, , names]) => some(names)) ?? matching[0] ?? [];
  const isOption = option !== undefined && (file === undefined || some(given));
  if (!isOption) return new InputError(`${file ?? 'command line'}${part}`, item!, reason!);
  return new InputError('command line', option, part === '' ? reason! : `${item}: ${reason}`);
}
