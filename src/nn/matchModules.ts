import type { HostTensor } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import type { StateTensor } from './modelSpec.ts';
import { tensorsUnder } from './stateDict.ts';

/** Tensors of one module, or of one layer: "conv1" with "weight" and "bias". */
interface Module {
  readonly name: string;
  /** By their own names, without the module's. */
  readonly shapes: Map<string, string>;
}

/**
 * Finds the layers of a model among the modules of a checkpoint that names them otherwise (`conv1.weight`, `fc2.bias`). The
 * tensors of a module, by name and shape, must be those of the layer. Where several modules are alike, their order decides,
 * if their names differ in numbers alone (`fc1`, `fc2`, `fc10`): the order of the tensors in the file cannot, since
 * safetensors sorts them.
 *
 * @param layout from stateDictLayout
 * @param prefix as loadStateDict takes it
 * @returns the name in the file of each tensor of the layout, by its plain name
 * @throws InputError where modules and layers are not the same in number and shape, or are alike without an order
 */
export function matchModules(
  file: string,
  tensors: ReadonlyMap<string, HostTensor>,
  layout: readonly StateTensor[],
  prefix = '',
): Map<string, string> {
  const layers = groupModules(layout.map(({ name, shape }) => [name, shape]));
  const modules = groupModules(
    tensorsUnder(tensors, prefix).map((name) => [name.slice(prefix.length), tensors.get(name)!.shape]),
  );
  const names = new Map<string, string>();
  for (const [signature, found] of modules) {
    if (!layers.has(signature)) {
      throw new InputError(file, prefix + found[0]!.name, `has ${signature}, as no layer of the model does`);
    }
  }
  for (const [signature, wanted] of layers) {
    const found = inOrder(file, modules.get(signature) ?? [], wanted, signature, prefix);
    wanted.forEach((layer, i) => {
      for (const tensor of layer.shapes.keys()) {
        names.set(joined(layer.name, tensor), prefix + joined(found[i]!.name, tensor));
      }
    });
  }
  return names;
}

/** A match as a line for a user to check: "conv1 → 0, fc1 → 3". */
export function describeMatch(names: ReadonlyMap<string, string>): string {
  const modules = new Map(Array.from(names, ([plain, name]) => [split(name)[0], split(plain)[0]]));
  return Array.from(modules, ([from, to]) => `${from} → ${to}`).join(', ');
}

function groupModules(tensors: readonly (readonly [string, readonly number[]])[]): Map<string, Module[]> {
  const modules = new Map<string, Map<string, string>>();
  for (const [name, shape] of tensors) {
    const [module, tensor] = split(name);
    const shapes = modules.get(module) ?? new Map<string, string>();
    modules.set(module, shapes.set(tensor, showShape(shape)));
  }
  const groups = new Map<string, Module[]>();
  for (const [name, shapes] of modules) {
    const signature = Array.from(shapes, ([tensor, shape]) => `${tensor} ${shape}`)
      .sort()
      .join(', ');
    groups.set(signature, [...(groups.get(signature) ?? []), { name, shapes }]);
  }
  return groups;
}

/** Modules that are alike, in the order of the numbers in their names. */
function inOrder(
  file: string,
  modules: readonly Module[],
  layers: readonly Module[],
  signature: string,
  prefix: string,
): readonly Module[] {
  const list = (of: readonly Module[]): string => of.map(({ name }) => name).join(', ') || 'none';
  if (modules.length !== layers.length) {
    throw new InputError(
      file,
      list(modules),
      `${modules.length} modules ${prefix === '' ? '' : `under "${prefix}" `}with ${signature}, the model has ` +
        `${layers.length}: ${list(layers)}`,
    );
  }
  if (modules.length === 1) return modules;
  const sorted = [...modules].sort((a, b) => compareNumbers(a.name, b.name));
  const ordered = sorted.every(
    ({ name }, i) =>
      i === 0 ||
      (withoutNumbers(name) === withoutNumbers(sorted[i - 1]!.name) &&
        compareNumbers(sorted[i - 1]!.name, name) < 0),
  );
  if (!ordered) {
    throw new InputError(
      file,
      list(modules),
      `have the same tensors, ${signature}, and names that do not differ in numbers alone, so that nothing says which is ` +
        `which of ${list(layers)}; give the layers of the model the "name" of their module`,
    );
  }
  return sorted;
}

function withoutNumbers(name: string): string {
  return name.replace(/\d+/g, '#');
}

/** By the numbers in two names, from left to right. */
function compareNumbers(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => (name.match(/\d+/g) ?? []).map(Number));
  const at = x!.findIndex((value, i) => value !== y![i]);
  return at < 0 ? 0 : x![at]! - (y![at] ?? 0);
}

/** "features.0.weight" is tensor "weight" of module "features.0". */
function split(name: string): [module: string, tensor: string] {
  const dot = name.lastIndexOf('.');
  return [name.slice(0, Math.max(0, dot)), name.slice(dot + 1)];
}

function joined(module: string, tensor: string): string {
  return module === '' ? tensor : `${module}.${tensor}`;
}
