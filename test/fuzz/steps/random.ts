import { dropout, randomSigns } from '../../../src/ops/index.ts';
import { keepOrRestart, randomVector } from '../../../src/ops/restart.ts';
import { tridiagonalTop } from '../../../src/ops/tridiagonalTop.ts';
import { purpose } from '../../../src/random/purpose.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import { someCounters } from './cursor.ts';
import type { Step } from './step.ts';

function stream(to: Tracing, draw: Draw, elements: number) {
  const mask = to.state({ shape: [elements], replicated: to.someReplicated(draw), kind: 'mask' });
  return { purpose: 100 + draw.below(3), seeds: to.seeds(draw), counters: someCounters(to, draw), mask };
}

export const random: Readonly<Record<string, Step>> = {
  dropout: (to, draw) => {
    const mask = {
      purpose: purpose.dropout + draw.below(2),
      seeds: to.seeds(draw),
      counters: someCounters(to, draw),
    };
    to.call(dropout, to.some(draw), draw.of([0.5, 0.25, 0, 1, 0.9]), mask);
  },
  randomSigns: (to, draw) => {
    const elements = draw.of([1, 5, 64, 130]);
    const { mask, ...bare } = stream(to, draw, elements);
    to.call(randomSigns, to.graph, draw.chance(50) ? { ...bare, mask } : bare, elements);
  },
  randomVector: (to, draw) => {
    to.call(randomVector, to.graph, stream(to, draw, draw.of([1, 5, 64])));
  },
  keepOrRestart: (to, draw) => {
    const x = to.some(draw, [1]);
    const [before, after] = [to.like(draw, []), to.like(draw, [])];
    to.call(keepOrRestart, x, before, after, stream(to, draw, x.shape[0]!));
  },
  tridiagonalTop: (to, draw) => {
    const rows = draw.of([1, 2, 3, 5]);
    const diagonal = Array.from({ length: rows }, () => to.like(draw, []));
    const beside = Array.from({ length: rows - 1 }, () => to.like(draw, []));
    to.call(tridiagonalTop, diagonal, beside);
  },
};
