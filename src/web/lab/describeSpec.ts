import type { TrainSpec } from '../../jobs/trainSpec.ts';

/** The settings that the replicas of a run share, in a line. */
export function describeSpec(spec: TrainSpec): string {
  const { model, optimizer, batch_size, batch_schedule, steps, epochs, lr_schedule, averaging } = spec;
  const { type = 'sgd', weight_decay: decay = 0 } = optimizer;
  const momentum = 'momentum' in optimizer ? (optimizer.momentum ?? 0) : 0;
  return [
    spec.data,
    modelText(model),
    ...(type === 'sgd' ? [] : [type === 'adam' ? 'Adam' : 'AdamW']),
    ...(batch_size === undefined ? [] : [`B = ${batch_size}`]),
    ...(batch_schedule ? ['B by a schedule'] : []),
    ...(momentum > 0 ? [`m = ${momentum}`] : []),
    ...(decay > 0 ? [`λ = ${decay}`] : []),
    ...(lr_schedule && lr_schedule.type !== 'constant' ? [`ε ${lr_schedule.type}`] : []),
    ...(averaging ? [averaging.type.toUpperCase()] : []),
    ...(steps === undefined
      ? [`${epochs ?? 1} ${(epochs ?? 1) === 1 ? 'epoch' : 'epochs'}`]
      : [`${steps} steps`]),
  ].join(' · ');
}

function modelText(model: TrainSpec['model']): string {
  if (typeof model === 'string') return model;
  if ('layers' in model) return Array.isArray(model.layers) ? `${model.layers.length} layers` : 'a model';
  if ('transformer' in model) {
    const { layers, width, heads } = model.transformer as Readonly<Record<string, number>>;
    return `Transformer of ${layers} ${layers === 1 ? 'layer' : 'layers'}, width ${width}, ${heads} heads`;
  }
  const { hidden, activation = 'ReLU' } = model as { hidden: number[]; activation?: string };
  return hidden.length > 0 ? `hidden ${hidden.join(', ')} (${activation})` : 'linear';
}
