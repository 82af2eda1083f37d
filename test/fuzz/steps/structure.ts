import { size, stateOf, type Tensor } from '../../../src/ops/graph.ts';
import {
  broadcast,
  broadcastRows,
  broadcastWithin,
  fill,
  flatLayout,
  pack,
  read,
  reshape,
  store,
  unpack,
} from '../../../src/ops/index.ts';
import { accumulate } from '../../../src/ops/state/accumulate.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import { isCounters } from './cursor.ts';
import type { Step } from './step.ts';

/** Another shape of the same elements. */
function otherShape(draw: Draw, elements: number): number[] {
  const first = draw.of([1, 2, 3, 4, 5, 33].filter((extent) => elements % extent === 0));
  const rest = elements / first;
  return draw.of([[elements], [first, rest], [rest, first], [first, 1, rest], [1, rest, first]]);
}

/** Stores into a state that is there and fits, or a new one. */
export function storeSomewhere(to: Tracing, draw: Draw, x: Tensor): void {
  const fits = to.states.filter(
    ({ state }) =>
      state.elements === size(x.shape) &&
      state.dtype === x.dtype &&
      (state.replicated || !x.replicated) &&
      // A cursor stays within its examples.
      (!isCounters(state) || x.node.op.name === 'sampleIndices'),
  );
  const state =
    fits.length > 0 && draw.chance(75)
      ? draw.of(fits).state
      : to.state({
          shape: x.shape,
          dtype: x.dtype,
          replicated: x.replicated || draw.chance(30),
          kind: x.dtype === 'u32' ? 'words' : 'signed',
        });
  to.call(store, state, x);
  to.wrote(state);
}

export const structure: Readonly<Record<string, Step>> = {
  accumulate: (to, draw) => {
    const x = to.some(draw);
    const fits = to.states.filter(
      ({ state }) =>
        state.elements === size(x.shape) &&
        state.dtype === 'f32' &&
        (state.replicated || !x.replicated) &&
        state !== stateOf(x),
    );
    const state =
      fits.length > 0 && draw.chance(75)
        ? draw.of(fits).state
        : to.state({ shape: x.shape, replicated: x.replicated || draw.chance(30), kind: 'signed' });
    to.call(accumulate, state, x);
    to.wrote(state);
  },
  fill: (to, draw) => {
    to.call(fill, to.graph, to.constant(draw), to.shape(draw));
  },
  /** Two constants of one shape, alike but for the value. */
  constants: (to, draw) => {
    const shape = to.shape(draw, [0, 1, 2]);
    for (let i = 0; i < 2; i++) {
      const value = draw.of([0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1]);
      storeSomewhere(to, draw, to.call(fill, to.graph, value, shape));
    }
  },
  read: (to, draw) => {
    to.call(read, to.graph, to.readable(draw, to.shape(draw)));
  },
  reshape: (to, draw) => {
    const x = to.some(draw);
    to.call(reshape, x, otherShape(draw, size(x.shape)));
  },
  broadcast: (to, draw) => {
    const x = to.some(draw, [0, 1, 2]);
    const from = draw.below(x.shape.length + 1);
    const repeated = draw.of([[2], [3], [1], [2, 2], []]);
    const shape = [...x.shape.slice(0, from), ...repeated, ...x.shape.slice(from)];
    if (from === 0 && repeated.length === 1) to.call(broadcastRows, x, repeated[0]!);
    else to.call(broadcast, x, shape, { from, to: from + repeated.length });
  },
  broadcastWithin: (to, draw) => {
    const x = to.some(draw, [1]);
    to.call(broadcastWithin, x, [x.shape[0]!, ...draw.of([[2], [3, 2], [1]])]);
  },
  pack: (to, draw) => {
    const parts = Array.from({ length: 1 + draw.below(3) }, () => to.some(draw));
    const layout = to.call(
      flatLayout,
      parts.map(({ shape }, i) => ({ name: `p${i}`, shape })),
    );
    to.call(pack, layout, parts);
  },
  unpack: (to, draw) => {
    const shapes = Array.from({ length: 1 + draw.below(3) }, () => to.shape(draw));
    const layout = to.call(
      flatLayout,
      shapes.map((shape, i) => ({ name: `p${i}`, shape })),
    );
    to.call(unpack, to.like(draw, [layout.length]), layout);
  },
  store: (to, draw) => {
    storeSomewhere(to, draw, to.some(draw));
  },
  storeAgain: (to, draw) => {
    storeSomewhere(to, draw, to.some(draw));
    storeSomewhere(to, draw, to.some(draw));
  },
};
