import { compile } from '../autograd/compile.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { submitAhead } from '../gpu/submitAhead.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';
import { Graph, stateOf, type Tensor } from '../ops/graph.ts';
import { store } from '../ops/state/store.ts';
import {
  type Answers,
  asMeasurement,
  type FoundBy,
  isMeasurable,
  type Measurement,
  type Round,
} from './measurement.ts';
import { Memory } from './memory.ts';
import { Pass, type Point, unitsOf } from './pass.ts';
import type { Look, MeasuredOf, Numbers, Quantity } from './quantity.ts';
import type { TracedBatch } from './tracedBatch.ts';

/** Quantities and measurements by name; null for one that there is no use for. */
export type Measurements = Readonly<Record<string, Quantity<unknown> | Measurement<unknown> | null>>;

/**
 * Measures over all examples of a point, together: in each round as many passes over the data as the quantity takes that takes
 * the most looks, each traced and compiled once, with one forward pass for all.
 * @throws RangeError for parameters of several replicas
 */
export async function measureOver<M extends Measurements>(
  gpu: Gpu,
  point: Point,
  measurements: M,
): Promise<FoundBy<M>> {
  const rounds = measureInRounds(gpu, point, measurements);
  for (;;) {
    const next = await rounds.next();
    if (next.done) return next.value;
  }
}

/**
 * The same, yielding after each round how many there were.
 * @param finished what rounds gave on a device that was lost: they are not measured again
 * @throws RangeError for parameters of several replicas
 */
export async function* measureInRounds<M extends Measurements>(
  gpu: Gpu,
  point: Point,
  measurements: M,
  finished?: FinishedParts,
): AsyncGenerator<number, FoundBy<M>, void> {
  requireMeasurements(measurements);
  const at = { gpu, point };
  const open = new Map<string, AsyncGenerator<Round, unknown, Answers>>(
    Object.entries(measurements).flatMap(([name, each]) =>
      each ? [[name, asMeasurement(each).over(at)] as const] : [],
    ),
  );
  const found = new Map<string, unknown>();
  let answers = new Map<string, Answers>();
  try {
    for (let rounds = 1; ; rounds++) {
      const asked = new Map<string, Round>();
      // One after the other: between rounds they may work on the device.
      for (const [name, each] of open) {
        const next = await each.next(answers.get(name)!);
        if (next.done) {
          open.delete(name);
          found.set(name, next.value);
        } else asked.set(name, next.value);
      }
      if (open.size === 0) {
        return Object.fromEntries(
          Object.keys(measurements).map((name) => [name, found.get(name) ?? null]),
        ) as FoundBy<M>;
      }
      const work = () => answer(gpu, point, asked);
      answers = finished ? await finished.once(`round ${rounds}`, work) : await work();
      yield rounds;
    }
  } finally {
    for (const each of open.values()) await each.return(undefined);
  }
}

/**
 * Refuses what can be no measurement: one that was not made by its function yet, or a list, whose results would have no names.
 * @throws InputError naming it
 */
function requireMeasurements(given: unknown): void {
  const refuse = (item: string, found: unknown, expected: string): never => {
    requireAwaited('measure', item, found);
    const call =
      typeof found === 'function' ? ', which is yet to be called: noise() is one and noise is not' : '';
    throw new InputError('measure', item, `${showValue(found)} given${call}, expected ${expected}`);
  };
  if (typeof given !== 'object' || given === null || Array.isArray(given) || given instanceof Promise) {
    refuse('quantity', given, 'a quantity such as noise(), or several by name');
  }
  for (const [name, each] of Object.entries(given as object)) {
    if (each === null || each === undefined || isMeasurable(each)) continue;
    refuse(name, each, 'a quantity such as noise()');
  }
}

/** What is measured for several askers at once. */
interface Slot {
  readonly name: string;
  quantity: Quantity<unknown>;
}

/** A name under which nothing can be meant that is another slot's: what a slot keeps is called by its name, a space and more. */
function unlike(slots: readonly Slot[], name: string): string {
  const isOthers = (tried: string): boolean =>
    slots.some(
      ({ name: taken }) => `${taken} `.startsWith(`${tried} `) || `${tried} `.startsWith(`${taken} `),
    );
  let found = name;
  for (let n = 2; isOthers(found); n++) found = `(${n}) ${name}`;
  return found;
}

/** Measures the quantities of one round of several measurements; those that are joined, once. */
async function answer(
  gpu: Gpu,
  point: Point,
  asked: ReadonlyMap<string, Round>,
): Promise<Map<string, Answers>> {
  const slots: Slot[] = [];
  const slotOf = (name: string, quantity: Quantity<unknown>): Slot => {
    for (const slot of slots) {
      const joined = slot.quantity === quantity ? quantity : slot.quantity.joined?.(quantity);
      if (joined) return Object.assign(slot, { quantity: joined });
    }
    const slot = { name: unlike(slots, name), quantity };
    slots.push(slot);
    return slot;
  };
  const places = [...asked].map(([asker, round]) => {
    const of = Object.entries(round).map(([key, quantity]) => {
      return [key, quantity && slotOf(key === '' ? asker : `${asker} ${key}`, quantity)] as const;
    });
    return [asker, of] as const;
  });
  const quantities = Object.fromEntries(slots.map(({ name, quantity }) => [name, quantity]));
  const numbers = await Scope.within((scope) => looksAt(gpu, scope, point, quantities));
  const { layout, examples, ghostBatch } = point;
  const units = unitsOf(point);
  const unitSize = ghostBatch ?? (units === 1 ? examples.examples : 1);
  const of: MeasuredOf = { layout, examples: examples.examples, units, unitSize };
  const found = new Map(slots.map((slot) => [slot, slot.quantity.read(numbers.get(slot.name)!, of)]));
  return new Map(
    places.map(([asker, each]) => [
      asker,
      Object.fromEntries(each.map(([key, slot]) => [key, slot && found.get(slot)])),
    ]),
  );
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
