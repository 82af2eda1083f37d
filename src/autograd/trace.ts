import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import { lossOf } from '../gpu/orLost.ts';
import { requireGpu } from '../gpu/requireGpu.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import { fill } from '../ops/fill.ts';
import { Graph, type Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { isTensor, showGiven } from '../ops/requireTensor.ts';
import { store } from '../ops/state/store.ts';
import { compile } from './compile.ts';
import { type ResultStates, TracedProgram } from './tracedProgram.ts';

/** What a traced function may return: its results by name. Null is typed here so that it can be refused by name. */
export type TraceResults = Readonly<Record<string, Tensor | null | undefined>>;

/** What a function that is traced works with, beside the ops. */
export interface Tracing {
  /**
   * A state as an operand: what it holds when the program has come to this point. The same tensor every time until the state is written, and
   * a new one after that; the old one is of no more use then.
   */
  read(state: State): Tensor;
  /** state ← x, when the program has come to this point. Elements, type and replicas must fit. */
  store(state: State, x: Tensor): void;
  /** A constant: `value` in every element. */
  fill(value: number, shape: readonly number[]): Tensor;
  /** The trace itself, for ops that have no operand to tell it: `ops.sampleIndices(graph, …)`, `ops.advance(graph, …)`. */
  readonly graph: Graph;
}

/** How a function is traced. */
export interface TraceOptions {
  /** R. Left out, it is that of the states that are replicated, or 1. */
  readonly replicas?: number | undefined;
  /** How messages and listings name the program. */
  readonly label?: string | undefined;
}

/**
 * Makes a program of a function: calls it once with symbols in place of numbers, differentiates, fuses, plans memory, compiles kernels. The
 * program then runs as often as it is told to, on what the states hold by then.
 *
 * ```ts
 * const w = state(gpu, { shape: [64], values });
 * const step = await trace(gpu, ({ read, store }) => {
 *   const loss = ops.mean(ops.square(ops.subtract(read(w), read(target))));
 *   store(w, ops.subtract(read(w), ops.scale(ops.grad(loss, read(w)), 0.1)));
 *   return { loss };
 * });
 * step.run(1000);
 * await step.results.loss.item();
 * ```
 * @param fn may be called once only, and without waiting for anything. What it returns are results, which the program keeps in states of its
 *   own: of R replicas where the tensor depends on what each replica has its own of, shared otherwise
 * @throws InputError that names the result or state: a null or a list for a result, a tensor of another trace, a state of another device or
 *   of other replicas, or disposed of; nothing returned and nothing stored
 * @throws Error what an op throws, with its name; a kernel that does not compile, with its name and line
 * @throws LimitError, DeviceLostError
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is what `void` means here
export async function trace<Results extends TraceResults | void>(
  gpu: Gpu,
  fn: (tracing: Tracing) => Results,
  options: TraceOptions = {},
): Promise<TracedProgram<ResultStates<Results>>> {
  requireGpu('trace', gpu);
  const { label = 'program', ...rest } = options;
  const refuse = (item: string, reason: string): never => {
    throw new InputError(`trace ${label}`, item, reason);
  };
  const { replicas: wanted, ...unknown } = rest;
  for (const key of Object.keys(unknown)) refuse(key, 'unknown option, expected replicas or label');
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted > 0)) {
    refuse('replicas', `${showValue(wanted)}, expected a positive integer`);
  }
  if (typeof fn !== 'function') refuse('function', `${showValue(fn)}, expected a function to trace`);
  const graph = new Graph(label);
  const returned = fn(tracing(graph, refuse));
  const named = namedTensors(returned, graph, refuse);
  const states = touchedStates(graph, named);
  const replicas = wanted ?? states.find(({ replicated }) => replicated)?.replicas ?? 1;
  for (const state of states) requireUsable(state, gpu, replicas, refuse);
  const changes = graph.nodes.some(({ op, attributes }) => (op.writes?.(attributes) ?? []).length > 0);
  if (named.length === 0 && !changes) {
    refuse(
      'function',
      'it returns no result and stores nothing: return { name: tensor } or store into a state',
    );
  }
  return Scope.make(async (scope) => {
    const results = named.map(([name, { shape, dtype, replicated }]): [string, State] => {
      const own = { label: `${label} ${name}`, shape, dtype, replicas: replicated ? replicas : undefined };
      return [name, scope.own(new State(gpu, own))];
    });
    results.forEach(([name, state], i) => {
      try {
        store(state, named[i]![1]);
      } catch (error) {
        refuse(`result ${name}`, (error as Error).message);
      }
    });
    const arena = scope.own(new Arena(gpu));
    // Asked for the first time before anything is awaited, so that a loss is known when compiling is done or has failed by it.
    lossOf(gpu);
    const compiled = compile(gpu, graph, { label, replicas, arena, soon: true });
    const program = scope.own(await compiled.catch((error) => Promise.reject(lossOf(gpu) ?? error)));
    const lost = lossOf(gpu);
    if (lost) throw lost;
    const own = Object.fromEntries(results) as ResultStates<Results>;
    return new TracedProgram(scope, { graph, program, replicas, results: own, states });
  });
}

type Refuse = (item: string, reason: string) => never;

function tracing(graph: Graph, refuse: Refuse): Tracing {
  const known = new Map<State, Tensor>();
  const requireState = (by: string, state: unknown): void => {
    if (!(state instanceof State))
      refuse(by, `${showGiven(state)}, expected a state, as state(gpu, …) makes it`);
  };
  return {
    graph,
    read(state) {
      requireState('read', state);
      const before = known.get(state);
      if (before && graph.isCurrent(before)) return before;
      const made = read(graph, state);
      known.set(state, made);
      return made;
    },
    store(state, x) {
      requireState('store', state);
      store(state, ofTrace(`store to ${state.label}`, x, graph, refuse));
    },
    fill: (value, shape) => fill(graph, value, shape),
  };
}

/** What was returned as a list of names and tensors, all of them of this trace. */
function namedTensors(returned: unknown, graph: Graph, refuse: Refuse): [string, Tensor][] {
  if (returned === undefined) return [];
  const expected = 'expected results by name: { loss, gradient }';
  if (typeof returned !== 'object' || returned === null) {
    return refuse('function', `it returns ${showValue(returned)}, ${expected}`);
  }
  if (returned instanceof Promise) {
    refuse('function', 'it is async: it is called once and must not wait; read values after run() instead');
  }
  if (Array.isArray(returned)) refuse('function', `it returns a list, ${expected}`);
  if ('node' in returned) refuse('function', `it returns a tensor without a name, ${expected}`);
  return Object.entries(returned).map(([name, tensor]) => [
    name,
    ofTrace(`result ${name}`, tensor, graph, refuse),
  ]);
}

/** What is given as a tensor of this trace; refuses anything else. */
function ofTrace(item: string, given: unknown, graph: Graph, refuse: Refuse): Tensor {
  if (Array.isArray(given)) {
    return refuse(item, `a list of ${given.length}, expected a tensor: each needs a name of its own`);
  }
  if (!isTensor(given)) {
    const zero = '; from jvp and vjp null stands for zero: nothing depends on what was differentiated';
    return refuse(item, `${showGiven(given)}, expected a tensor${given === null ? zero : ''}`);
  }
  const { label } = given.node.graph;
  if (given.node.graph === graph) return given;
  return refuse(item, `a tensor of the trace of ${label}: use a state, which both programs may read`);
}

/** Every state that the trace reads or writes. */
function touchedStates({ nodes }: Graph, results: readonly [string, Tensor][]): State[] {
  const states = new Set<State>();
  for (const { op, attributes } of [...nodes, ...results.map(([, { node }]) => node)]) {
    const own = op.alias ? [op.alias(attributes)] : [];
    for (const state of [...own, ...(op.reads?.(attributes) ?? []), ...(op.writes?.(attributes) ?? [])])
      states.add(state);
  }
  return [...states];
}

function requireUsable(state: State, gpu: Gpu, replicas: number, refuse: Refuse): void {
  const { label } = state;
  if (state.disposed) refuse(label, 'the state is disposed of');
  if (!state.isOn(gpu)) refuse(label, 'the state lies on another device than the one that was given');
  if (state.replicated && state.replicas !== replicas) {
    refuse(label, `the state has ${state.replicas} replicas, and the program ${replicas}`);
  }
}
