import type { TensorShape } from './givenFile.ts';

/** Layers without parameters that may stand between those that have some. */
export const ACTIVATIONS = ['ReLU', 'Tanh', 'Sigmoid', 'GELU'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

type Layer = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A layer that tensors tell, at its place in the nn.Sequential. */
interface Told {
  readonly index: number;
  readonly layer: Layer;
}

/** What a checkpoint tells of its model. */
export interface ToldModel {
  readonly told: readonly Told[];
  /** Places of layers without parameters: what they are no checkpoint says. */
  readonly open: readonly number[];
}

/**
 * Reads an nn.Sequential of Linear and BatchNorm1d off the tensors of its state dict.
 * @throws Error that names the tensor for what could be more than one model
 */
export function toldModel(tensors: readonly TensorShape[]): ToldModel {
  const shapes = new Map<number, Map<string, readonly number[]>>();
  for (const { name, shape } of tensors) {
    const [, index, own] = /^(\d+)\.(\w+)$/.exec(name) ?? [];
    if (index === undefined) {
      throw new Error(
        `${name} is no tensor of a plain nn.Sequential (“0.weight”): its model.json must say what it is of.`,
      );
    }
    const layer = shapes.get(Number(index)) ?? new Map();
    shapes.set(Number(index), layer.set(own!, shape));
  }
  const told = [...shapes]
    .sort(([a], [b]) => a - b)
    .map(([index, own]) => ({ index, layer: layerOf(index, own) }));
  requireChain(told);
  const last = told.at(-1);
  if (!last) throw new Error('There is no tensor.');
  const known = new Set(shapes.keys());
  const open = Array.from({ length: last.index }, (_, i) => i).filter((i) => !known.has(i));
  const crowded = open.find((index) => open.includes(index + 1));
  if (crowded !== undefined) {
    throw new Error(
      `Layers ${crowded} and ${crowded + 1} have no tensors: which two they are no checkpoint tells.`,
    );
  }
  return { told, open };
}

function layerOf(index: number, own: ReadonlyMap<string, readonly number[]>): Layer {
  const weight = own.get('weight');
  const bias = own.has('bias');
  if (own.has('running_mean')) {
    const features = own.get('running_mean')!;
    if (features.length === 1) return { type: 'BatchNorm1d', num_features: features[0]! };
  }
  if (weight?.length === 2) {
    const [out, into] = weight as [number, number];
    return { type: 'Linear', in_features: into, out_features: out, ...(bias ? {} : { bias: false }) };
  }
  const found = weight ? `${index}.weight [${weight.join(', ')}]` : `layer ${index}, without a weight,`;
  const what =
    weight?.length === 4
      ? 'of a Conv2d, whose stride and padding no checkpoint tells'
      : 'of no layer that shapes tell';
  throw new Error(`${found} is ${what}: its model.json must say it.`);
}

/** Each layer takes what the one before gives. */
function requireChain(told: readonly Told[]): void {
  let width: number | undefined;
  for (const { index, layer } of told) {
    const into = (layer.in_features ?? layer.num_features) as number;
    if (width !== undefined && into !== width) {
      throw new Error(
        `Layer ${index} takes ${into} numbers, and the one before gives ${width}: what lies between no checkpoint tells.`,
      );
    }
    width = (layer.out_features ?? into) as number;
  }
}

/**
 * model.json of what a checkpoint tells and of what it leaves open.
 * @param activation what stands at the open places; a Flatten at the first
 */
export function modelOf(
  { told, open }: ToldModel,
  activation: Activation,
  loss: 'cross_entropy' | 'mse',
): object {
  const layers: Layer[] = [];
  for (const { index, layer } of told) layers[index] = layer;
  for (const index of open) layers[index] = { type: index === 0 ? 'Flatten' : activation };
  return { layers, loss };
}
