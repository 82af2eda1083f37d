import { compile } from '../autograd/compile.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { submitAhead } from '../gpu/submitAhead.ts';
import { Graph, stateOf, type Tensor } from '../ops/graph.ts';
import { store } from '../ops/state/store.ts';
import { Memory } from './memory.ts';
import { Pass, type Point, unitsOf } from './pass.ts';
import type { Look, MeasuredOf, Numbers, Quantity } from './quantity.ts';
import type { TracedBatch } from './tracedBatch.ts';

/** What each of some quantities finds. */
export type FoundBy<Q> = { readonly [K in keyof Q]: Q[K] extends Quantity<infer Found> ? Found : never };

/**
 * Measures quantities over all examples of a point, together: as many passes over the data as the one that takes the most
 * looks, each traced and compiled once, with one forward pass for all.
 * @throws RangeError for parameters of several replicas
 */
export async function measureOver<Q extends Readonly<Record<string, Quantity<unknown>>>>(
  gpu: Gpu,
  point: Point,
  quantities: Q,
): Promise<FoundBy<Q>> {
  const numbers = await Scope.within((scope) => looksAt(gpu, scope, point, quantities));
  const { layout, examples, ghostBatch } = point;
  const units = unitsOf(point);
  const unitSize = ghostBatch ?? (units === 1 ? examples.examples : 1);
  const of: MeasuredOf = { layout, examples: examples.examples, units, unitSize };
  const found = Object.entries(quantities).map(([name, quantity]) => [
    name,
    quantity.read(numbers.get(name)!, of),
  ]);
  return Object.fromEntries(found) as FoundBy<Q>;
}

async function looksAt(
  gpu: Gpu,
  scope: Scope,
  point: Point,
  quantities: Readonly<Record<string, Quantity<unknown>>>,
): Promise<ReadonlyMap<string, Numbers>> {
  const memory = new Memory(gpu, scope);
  const numbers = new Map<string, Numbers>();
  let due = new Map<string, (batch: TracedBatch) => Look>();
  for (const [name, quantity] of Object.entries(quantities)) {
    for (const [input, values] of Object.entries(quantity.given ?? {})) {
      const dtype = values instanceof Uint32Array ? 'u32' : 'f32';
      memory.state(`${name} ${input}`, { shape: [values.length], dtype }).write(values);
    }
    numbers.set(name, {});
    due.set(name, (batch) => quantity.trace(batch));
  }
  while (due.size > 0) {
    const looks = new Map<string, Look>();
    await Scope.within(async (own) => {
      const trace = (batch: TracedBatch): void => {
        for (const [name, look] of due) looks.set(name, look(batch.as(name)));
      };
      const pass = own.own(await Pass.open(gpu, [...due.keys()].join(', '), point, trace, { memory }));
      memory.begin();
      await pass.run();
      for (const [name, values] of await read(gpu, own, looks)) {
        numbers.set(name, { ...numbers.get(name), ...values });
      }
    });
    due = new Map();
    for (const [name, { next, afterHost }] of looks) {
      const look = next ?? afterHost?.(numbers.get(name)!);
      if (look) due.set(name, look);
    }
  }
  return numbers;
}

/** The numbers of looks that are done; those that lie in a state are read from there. */
async function read(
  gpu: Gpu,
  scope: Scope,
  looks: ReadonlyMap<string, Look>,
): Promise<ReadonlyMap<string, Numbers>> {
  const graph = new Graph();
  const states = new Map<string, Map<string, State>>();
  let computes = false;
  const stateWith = (label: string, tensor: Tensor): State => {
    if (tensor.node.graph !== graph) {
      throw new Error(`${label}: a value of one batch's trace, expected one of what was gathered over all`);
    }
    const lies = stateOf(tensor);
    if (lies && lies.elements === tensor.shape.reduce((product, extent) => product * extent, 1)) return lies;
    const state = scope.own(new State(gpu, { label, shape: tensor.shape }));
    store(state, tensor);
    computes = true;
    return state;
  };
  for (const [name, { values }] of looks) {
    if (!values) continue;
    const of = Object.entries(values(graph)).map(
      ([key, tensor]) => [key, stateWith(`${name} ${key}`, tensor)] as const,
    );
    states.set(name, new Map(of));
  }
  if (computes) {
    const arena = scope.own(new Arena(gpu));
    const made = await compile(gpu, graph, { label: 'what was gathered', replicas: 1, arena });
    await submitAhead(gpu, [scope.own(made)]);
  }
  const numbers = new Map<string, Numbers>();
  for (const [name, of] of states) {
    const each = [...of].map(async ([key, state]) => {
      return [key, state.dtype === 'u32' ? await state.readU32() : await state.read()] as const;
    });
    numbers.set(name, Object.fromEntries(await Promise.all(each)));
  }
  return numbers;
}
