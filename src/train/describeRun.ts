import { describeLayers } from '../nn/describeLayers.ts';
import type { ReplicaSettings } from './replicaGrid.ts';
import { differing, valuesOf } from './selectReplica.ts';
import type { TrainingRun } from './trainingRun.ts';

/**
 * A run in some lines: its model, its replicas by what they differ in, how far it is, and a line for each of its programs.
 * @param bytes that it takes on the device at most
 */
export function describeRun(
  { options, layout, submitted, programs }: TrainingRun,
  replicas: readonly ReplicaSettings[],
  bytes: number,
): string {
  const { model, dataset, steps, sampling } = options;
  const parameters = layout.entries.reduce((sum, { elements }) => sum + elements, 0);
  const values = differing(replicas).map((key) => `; ${key} ${valuesOf(replicas, key).join(', ')}`);
  return [
    `${describeLayers(model)}, ${model.loss}, ${counted(parameters, 'parameter')}`,
    `${counted(replicas.length, 'replica')}${values.join('')}`,
    `step ${submitted} of ${steps}, ${counted(dataset.examples, 'example')} (${sampling})`,
    ...programs.map(({ label, dispatches }) => `${label}: ${counted(dispatches.length, 'dispatch', 'es')}`),
    `at most ${(bytes / 2 ** 20).toFixed(1)} MiB on the device, evaluations included`,
  ].join('\n');
}

function counted(count: number, what: string, plural = 's'): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : plural}`;
}
