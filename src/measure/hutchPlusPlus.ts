import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { submitAhead } from '../gpu/submitAhead.ts';
import { purpose } from '../nn/purpose.ts';
import { advance } from '../ops/advance.ts';
import { append } from '../ops/append.ts';
import { normalise } from '../ops/combine.ts';
import { dot, normSq } from '../ops/dot.ts';
import { read } from '../ops/leaf.ts';
import { randomSigns } from '../ops/randomSigns.ts';
import { reshape } from '../ops/reshape.ts';
import { keepOrRestart } from '../ops/restart.ts';
import { store } from '../ops/store.ts';
import { take } from '../ops/take.ts';
import { type Estimate, estimateFrom, type Probes } from './estimate.ts';
import { orthogonalise } from './krylov.ts';
import { dimension, type LinearOperator } from './operator.ts';
import { parameterMask } from './parameterMask.ts';
import { Samples } from './samples.ts';

/**
 * tr A by Hutch++ (Meyer, Musco, Musco & Woodruff 2021): exactly over the span of A·S, S a third as many vectors of random
 * signs as there are products, and by Hutchinson's probes over what is orthogonal to it. Where few eigenvalues hold most of A
 * its error falls as 1/products, not with the root. The standard error is that of the probes: the span does not depend on them.
 *
 * @param probes products in all, three or more; the operator's first direction is used
 * @throws RangeError for fewer
 */
export async function hutchPlusPlus(
  gpu: Gpu,
  operator: LinearOperator,
  { probes, seed }: Probes,
): Promise<Estimate> {
  if (probes < 3) throw new RangeError(`Hutch++ takes three products or more, found ${probes}`);
  const { layout, directions, products } = operator;
  const [direction, product] = [directions[0]!, products[0]!];
  const P = dimension(layout);
  const rank = Math.min(Math.floor(probes / 3), P);
  const rest = rank === P ? 0 : probes - 2 * rank;
  const samples = new Samples(gpu, rank + rest);
  try {
    const own = (label: string, shape: readonly number[], dtype?: 'u32'): State =>
      samples.own(new State(gpu, { label, shape, dtype }));
    const stack = own('basis of the sketch', [rank, layout.length]);
    const rows = own('sketch rows', [3], 'u32');
    const mask = samples.own(parameterMask(gpu, layout));
    samples.begin(seed);
    const stream = (of: number) => ({ ...samples.stream(of), mask });
    const sketch = await samples.program('sketch', (graph) => {
      const signs = { ...stream(purpose.sketchSigns), counters: rows };
      store(direction, randomSigns(graph, signs, layout.length));
    });
    const keep = await samples.program('sketch basis', (graph) => {
      const all = [read(graph, stack)];
      const y = read(graph, product);
      const left = orthogonalise(y, all);
      const more = { ...stream(purpose.krylovRestart), counters: rows };
      const kept = keepOrRestart(left, normSq(y), normSq(left), more);
      const q = normalise(orthogonalise(orthogonalise(kept, all), all));
      append(stack, reshape(q, [1, layout.length]), rows);
      advance(graph, rows, 1, rank);
    });
    const row = await samples.program('sketch row', (graph) => {
      store(direction, reshape(take(graph, stack, 1, rows), [layout.length]));
      advance(graph, rows, 1, rank);
    });
    const probe = await samples.program('probe', (graph) => {
      const all = [read(graph, stack)];
      const signs = randomSigns(graph, stream(purpose.parameterSigns), layout.length);
      store(direction, orthogonalise(orthogonalise(signs, all), all));
    });
    const form = await samples.program('quadratic form', (graph) => {
      samples.put(graph, dot(read(graph, direction), read(graph, product)));
    });
    for (const [count, before, after] of [
      [rank, sketch, keep],
      [rank, row, form],
      [rest, probe, form],
    ] as const) {
      for (let i = 0; i < count; i++) {
        await submitAhead(gpu, [before]);
        await operator.apply([after]);
      }
    }
    const values = await samples.read(rank + rest);
    const inSpan = values.slice(0, rank).reduce((sum, value) => sum + value, 0);
    if (rest === 0) return { value: inSpan, stderr: 0, probes: rank };
    const { value, stderr } = estimateFrom(values.slice(rank));
    return { value: inSpan + value, stderr, probes };
  } finally {
    samples.dispose();
  }
}
