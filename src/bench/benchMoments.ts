import { compile } from '../autograd/compile.ts';
import { Arena } from '../gpu/arena.ts';
import type { AdapterInfo, Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { inTurn, medianOf, type TimedProgram, timed, timeProgram } from '../gpu/timedProgram.ts';
import { InputError } from '../host/inputError.ts';
import type { ResultEvent, WorkEvent } from '../host/workEvent.ts';
import { conv2dWeightGradient } from '../ops/conv2dWeightGradient.ts';
import { Graph, type Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { matmul } from '../ops/matmul.ts';
import { convMoments } from '../ops/perExample/convMoments.ts';
import { denseMoments } from '../ops/perExample/denseMoments.ts';
import { store } from '../ops/state/store.ts';
import { window2d } from '../ops/window2d.ts';

/** Times in milliseconds, one a round, and their median. */
export interface MomentsTiming {
  readonly kernels: readonly string[];
  readonly samples: number[];
  median: number;
}

/** What the moments of one layer's weight gradient cost. */
export interface MomentsRow {
  readonly layer: string;
  readonly kind: 'dense' | 'convolution';
  readonly batch: number;
  /** Positions over which an example's gradient is a sum; 1 for a dense layer. */
  readonly positions: number;
  /** The weight gradient alone: as planned for this adapter, and by the kernels that a GPU would get. */
  readonly plain: readonly MomentsTiming[];
  /** Weight gradient, centred squares of every coordinate and per-example norms. */
  readonly moments: MomentsTiming;
  /** Moments over the fastest plain: of the medians, and the least and largest of single rounds. */
  ratio: { median: number; min: number; max: number };
  /** What the ratio may be at most; null where nothing is promised. */
  readonly limit: number | null;
}

export interface MomentsSpec {
  /** Samples of each program. */
  readonly rounds: number;
  /** The layers whose name contains one of these; all by default. */
  readonly only?: readonly string[];
}

export interface MomentsReport {
  readonly bench: 'moments';
  readonly adapter: AdapterInfo;
  readonly rounds: number;
  readonly rows: readonly MomentsRow[];
}

interface Layer {
  readonly name: string;
  readonly kind: MomentsRow['kind'];
  readonly batch: number;
  readonly positions: number;
  readonly x: readonly number[];
  readonly delta: readonly number[];
  plain(x: Tensor, delta: Tensor): readonly Tensor[];
  moments(x: Tensor, delta: Tensor): readonly Tensor[];
}

function dense(inputs: number, outputs: number, batch: number): Layer {
  return {
    name: `dense ${inputs} → ${outputs}, B = ${batch}`,
    kind: 'dense',
    batch,
    positions: 1,
    x: [batch, inputs],
    delta: [batch, outputs],
    plain: (x, delta) => [matmul('TN', delta, x)],
    moments: (x, delta) => {
      const { gradient, centredSquares, normSq } = denseMoments(x, delta, false);
      return [gradient[0]!, centredSquares[0]!, normSq[0]];
    },
  };
}

function convolution(channels: number, outChannels: number, size: number, stride: number): Layer {
  const batch = 64;
  const window = window2d('bench', [3, 3], { stride: [stride, stride], padding: [1, 1] });
  const out = Math.ceil(size / stride);
  return {
    name: `conv ${channels} → ${outChannels}, 3 × 3 on ${size} × ${size}, stride ${stride}, B = ${batch}`,
    kind: 'convolution',
    batch,
    positions: out * out,
    x: [batch, channels, size, size],
    delta: [batch, outChannels, out, out],
    plain: (x, delta) => [conv2dWeightGradient(x, delta, window)],
    moments: (x, delta) => {
      const { gradient, centredSquares, normSq } = convMoments(x, delta, window);
      return [gradient, centredSquares, normSq];
    },
  };
}

const LAYERS: readonly Layer[] = [
  dense(784, 128, 64),
  dense(784, 128, 512),
  dense(128, 10, 64),
  dense(128, 10, 512),
  convolution(1, 16, 28, 1),
  convolution(16, 32, 14, 1),
  convolution(32, 64, 8, 1),
  convolution(32, 64, 14, 2),
];
/** Fixed before anything was measured, for dense layers and for convolutions of at least 64 positions. */
const LIMITS = { dense: 2.2, convolution: 1.3, positions: 64 };

interface Prepared extends TimedProgram {
  readonly timing: MomentsTiming;
  dispose(): void;
}

/**
 * Times the moments of dense and convolution weights against the weight gradient alone. Every round times each of a
 * layer's programs once, in an order that changes from round to round.
 * @throws InputError where no layer is called what `only` says
 */
export async function* benchMoments(
  gpu: Gpu,
  { rounds, only }: MomentsSpec,
): AsyncGenerator<WorkEvent | ResultEvent, void, void> {
  const layers = LAYERS.filter(({ name }) => !only || only.some((text) => name.includes(text)));
  if (layers.length === 0) {
    const names = LAYERS.map(({ name }) => name).join('; ');
    throw new InputError('bench moments', '--only', `no layer is called that; there are ${names}`);
  }
  const rows: MomentsRow[] = [];
  for (const layer of layers) {
    yield { type: 'phase', phase: `timing ${layer.name}` };
    rows.push(await timeLayer(gpu, layer, rounds));
  }
  const result: MomentsReport = { bench: 'moments', adapter: gpu.info, rounds, rows };
  yield { type: 'result', result, exitCode: 0 };
}

async function timeLayer(gpu: Gpu, layer: Layer, rounds: number): Promise<MomentsRow> {
  const asGpu: Gpu = { ...gpu, info: { ...gpu.info, software: false } };
  const plain = [await prepare(gpu, gpu, layer, 'plain')];
  if (gpu.info.software) plain.push(await prepare(gpu, asGpu, layer, 'plain'));
  const moments = await prepare(gpu, gpu, layer, 'moments');
  const all = [...plain, moments];
  for (let round = 0; round < rounds; round++) {
    for (const prepared of inTurn(all, round)) prepared.timing.samples.push(await timeProgram(gpu, prepared));
  }
  for (const { timing } of all) timing.median = medianOf(timing.samples);
  for (const prepared of all) prepared.dispose();
  const best = plain.reduce((a, b) => (b.timing.median < a.timing.median ? b : a)).timing;
  const single = moments.timing.samples.map((ms, round) => ms / best.samples[round]!);
  return {
    layer: layer.name,
    kind: layer.kind,
    batch: layer.batch,
    positions: layer.positions,
    plain: plain.map(({ timing }) => timing),
    moments: moments.timing,
    ratio: {
      median: moments.timing.median / best.median,
      min: Math.min(...single),
      max: Math.max(...single),
    },
    limit: layer.kind === 'dense' || layer.positions >= LIMITS.positions ? LIMITS[layer.kind] : null,
  };
}

async function prepare(gpu: Gpu, planned: Gpu, layer: Layer, what: 'plain' | 'moments'): Promise<Prepared> {
  const graph = new Graph();
  const arena = new Arena(gpu);
  const states = [layer.x, layer.delta].map((shape, i) => {
    const state = new State(gpu, { label: i === 0 ? 'x' : 'delta', shape });
    // Standard deviations as in a network; the values do not matter to the time.
    state.write(Float32Array.from({ length: state.elements }, (_, at) => Math.sin(at * (i + 1))));
    return state;
  });
  const [x, delta] = states.map((state) => read(graph, state)) as [Tensor, Tensor];
  const results = layer[what](x, delta).map((tensor, i) => {
    const state = new State(gpu, { label: `result ${i}`, shape: tensor.shape });
    store(state, tensor);
    return state;
  });
  const program = await compile(planned, graph, { label: `${what} of ${layer.name}`, replicas: 1, arena });
  const kernels = program.dispatches.map(({ pipeline }) => pipeline.label);
  return {
    ...(await timed(gpu, program)),
    timing: { kernels, samples: [], median: 0 },
    dispose() {
      program.dispose();
      arena.dispose();
      for (const state of [...states, ...results]) state.dispose();
    },
  };
}
