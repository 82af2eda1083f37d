import type { State } from '../../../src/gpu/state.ts';
import { size, type Tensor } from '../../../src/ops/graph.ts';
import { augment, gather, record, sampleIndices } from '../../../src/ops/index.ts';
import { advance } from '../../../src/ops/state/advance.ts';
import { append } from '../../../src/ops/state/append.ts';
import type { Sampling } from '../../../src/ops/state/sampling.ts';
import { take } from '../../../src/ops/state/take.ts';
import { unitVector } from '../../../src/ops/unitVector.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import type { Step } from './step.ts';

/** Examples of the streams that counters run through. */
export const EXAMPLES = 5;
/** The largest batch. */
export const BATCH = 4;

/** States that are counters: what else has three elements may hold anything. */
const counterStates = new WeakSet<State>();

export const isCounters = (state: State): boolean => counterStates.has(state);

/** Counters that are there, or new ones. */
export function someCounters(to: Tracing, draw: Draw): State {
  const known = to.states.filter(({ state }) => counterStates.has(state));
  if (known.length > 0 && draw.chance(60)) return draw.of(known).state;
  const made = to.counters(draw, EXAMPLES, to.someReplicated(draw));
  counterStates.add(made);
  return made;
}

/** Rows [N, …] of float numbers, that are there or new: a batch may go around their end. */
function table(to: Tracing, draw: Draw, row: readonly number[], replicated: boolean): State {
  const shape = [draw.of([EXAMPLES, EXAMPLES + BATCH]), ...row];
  const known = to.states.filter(
    ({ state }) =>
      state.dtype === 'f32' &&
      state.shape.length === shape.length &&
      state.shape.every((extent, i) => extent === shape[i]) &&
      (state.replicated || !replicated),
  );
  if (known.length > 0 && draw.chance(70)) return draw.of(known).state;
  return to.state({ shape, replicated: replicated || draw.chance(40), kind: 'signed' });
}

/** The examples of a batch, below EXAMPLES. */
function indices(to: Tracing, draw: Draw): Tensor {
  const batch = draw.of([1, 2, 3, BATCH]);
  const mode = draw.of(['shuffle', 'iid', 'sequential', 'order'] as const);
  const counters = someCounters(to, draw);
  const sampling: Sampling = {
    mode,
    examples: EXAMPLES,
    counters,
    ...(mode === 'shuffle' || mode === 'iid' ? { seeds: to.seeds(draw) } : {}),
    ...(mode === 'order'
      ? {
          // A table for more steps than a trace and its runs can count.
          order: to.state({
            shape: [40, batch],
            dtype: 'u32',
            replicated: to.someReplicated(draw),
            kind: { below: EXAMPLES },
          }),
        }
      : {}),
  };
  return to.call(sampleIndices, to.graph, sampling, batch);
}

export const cursor: Readonly<Record<string, Step>> = {
  sampleIndices: (to, draw) => {
    indices(to, draw);
  },
  gather: (to, draw) => {
    const bytes = draw.chance(50);
    const exampleShape = draw.of([[3], [5], [2, 3], [1]]);
    const features = size(exampleShape);
    const labels = draw.chance(50);
    const data = to.state({
      shape: [EXAMPLES, bytes ? Math.ceil(features / 4) : features],
      dtype: bytes ? 'u32' : 'f32',
      replicated: to.someReplicated(draw),
      kind: bytes ? 'words' : 'signed',
    });
    const targets = to.state({
      shape: [EXAMPLES, labels ? 1 : 2],
      dtype: labels ? 'u32' : 'f32',
      replicated: to.someReplicated(draw),
      kind: labels ? { below: 3 } : 'signed',
    });
    const elements = bytes ? ('bytes' as const) : ('floats' as const);
    const from = { data, elements, exampleShape, targets, examples: EXAMPLES };
    to.call(gather, from, indices(to, draw));
  },
  augment: (to, draw) => {
    const image = draw.of([
      [1, 2, 3],
      [2, 3, 3],
      [1, 1, 4],
    ] as const);
    const shift = draw.below(Math.min(image[1], image[2]));
    const x = to.like(draw, [draw.of([1, 2, 3, BATCH]), ...draw.of([image, [size(image)]])]);
    const stream = { seeds: to.seeds(draw), counters: someCounters(to, draw) };
    to.call(augment, x, { image, shift, flip: draw.chance(50) }, stream);
  },
  take: (to, draw) => {
    const of = table(to, draw, draw.of([[], [2], [3, 1]]), to.someReplicated(draw));
    to.call(take, to.graph, of, draw.of([1, 2, 3, BATCH]), someCounters(to, draw));
  },
  append: (to, draw) => {
    const row = draw.of([[], [2], [3, 1]]);
    const x = to.like(draw, [draw.of([1, 2, 3, BATCH]), ...row]);
    const counters = someCounters(to, draw);
    const state = table(to, draw, row, x.replicated || counters.replicated);
    to.call(append, state, x, counters);
    to.wrote(state);
  },
  advance: (to, draw) => {
    const counters = someCounters(to, draw);
    to.call(advance, to.graph, counters, draw.of([1, 2, BATCH]), EXAMPLES, draw.of([1, 3]));
    to.wrote(counters);
  },
  record: (to, draw) => {
    const losses = to.like(draw, [draw.of([1, 2, 3, BATCH, 7])]);
    const scalars = draw.chance(50) ? Array.from({ length: 2 }, () => to.like(draw, [])) : [];
    const vectors = draw.chance(30) ? [to.like(draw, [2]), to.like(draw, [1])] : [];
    const statistics = [...scalars, ...vectors];
    const counters = someCounters(to, draw);
    const replicated = counters.replicated || [losses, ...statistics].some((t) => t.replicated);
    const ring = to.state({ shape: [3, 6], replicated: replicated || draw.chance(30), kind: 'signed' });
    to.call(record, { counters, ring, examples: EXAMPLES }, losses, statistics);
    to.wrote(counters, ring);
  },
  unitVector: (to, draw) => {
    const places = to.state({
      shape: [draw.of([1, 3, 6])],
      dtype: 'u32',
      replicated: to.someReplicated(draw),
      kind: { below: 5 },
    });
    to.call(unitVector, to.graph, { places, counters: someCounters(to, draw) }, to.extent(draw));
  },
};
