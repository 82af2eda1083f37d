import { compile } from '../autograd/compile.ts';
import { perExample, perExampleNormSq } from '../autograd/perExample.ts';
import { vjp } from '../autograd/vjp.ts';
import { Arena } from '../gpu/arena.ts';
import { type AdapterInfo, type Gpu, openDevice } from '../gpu/device.ts';
import type { DispatchTime } from '../gpu/program.ts';
import { Replay } from '../gpu/replay.ts';
import { State } from '../gpu/state.ts';
import { parseModel } from '../nn/modelSpec.ts';
import { normSq } from '../ops/dot.ts';
import { fill } from '../ops/fill.ts';
import { flatLayout, pack, unpack } from '../ops/flat.ts';
import { Graph } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { linear } from '../ops/linear.ts';
import { record } from '../ops/record.ts';
import { relu } from '../ops/relu.ts';
import { softmaxCrossEntropy } from '../ops/softmaxCrossEntropy.ts';
import { sum } from '../ops/sum.ts';
import { packSettings, sgd } from '../optim/sgd.ts';
import { type BenchTask, STEPS } from './benchTask.ts';
import { flatValues } from './flatValues.ts';
import { TrainingRun } from './trainingRun.ts';

/** An implementation that can be timed; bench/peers/adapters holds others. */
export interface BenchAdapter {
  readonly name: string;
  /** Of the library. */
  readonly version?: string;
  /** Takes a device. */
  init(): Promise<void>;
  info?(): Promise<AdapterInfo>;
  mlpStep(task: BenchTask): BenchJob | Promise<BenchJob>;
}

/** A training step made ready. */
export interface BenchJob {
  /** Takes steps from where the last call ended; the loss of the last of them, read once. */
  run(steps: number): Promise<number>;
  /** Time of each dispatch of one step. */
  profile?(): Promise<DispatchTime[]>;
  dispose(): void;
}

/** Steps that a job can take in all: the table of learning rates is that long. */
const LONGEST = 20_000;
const PLAIN_SGD = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false };

let shared: Promise<Gpu> | undefined;

/** One device for all of ours. */
function open(): Promise<Gpu> {
  shared ??= openDevice();
  return shared;
}

/** Ours: the step traced, differentiated, fused and recorded by the engine, many steps in a submit. */
export const basinAdapter: BenchAdapter = {
  name: 'Basin',
  init: async () => {
    await open();
  },
  info: async () => (await open()).info,
  mlpStep: async (task) => engineStep(await open(), task, false),
};

/** The same with what B_simple is made of, ‖ḡ‖² and Σₙ‖gₙ‖² of each parameter, at every step. */
export const basinStatisticsAdapter: BenchAdapter = {
  name: 'Basin, B_simple every step',
  init: basinAdapter.init,
  mlpStep: async (task) => engineStep(await open(), task, true),
};

/** As `basin train` runs it: examples are drawn on the device and gathered from bytes. */
export const basinTrainAdapter: BenchAdapter = {
  name: 'Basin, as `train` runs it',
  init: basinAdapter.init,
  mlpStep: async (task) => trainingRun(await open(), task),
};

/** The parameters as the engine lays them out, named as in a state dict. */
function parameters({ inputs, hidden, classes, w1, b1, w2, b2 }: BenchTask): {
  shape: readonly number[];
  name: string;
  values: Float32Array;
}[] {
  return [
    { name: '0.weight', shape: [hidden, inputs], values: transposed(w1, inputs, hidden) },
    { name: '0.bias', shape: [hidden], values: b1 },
    { name: '2.weight', shape: [classes, hidden], values: transposed(w2, hidden, classes) },
    { name: '2.bias', shape: [classes], values: b2 },
  ];
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
}

async function engineStep(gpu: Gpu, task: BenchTask, statistics: boolean): Promise<BenchJob> {
  const { batch, inputs, rate } = task;
  const weights = parameters(task);
  const layout = flatLayout(weights);
  const states: State[] = [];
  const state = (
    label: string,
    shape: number[],
    values?: Float32Array | Uint32Array,
    replicas?: number,
  ): State => {
    const dtype = values instanceof Uint32Array ? 'u32' : 'f32';
    const made = new State(gpu, { label, shape, dtype, replicas });
    if (values) made.write(values);
    states.push(made);
    return made;
  };
  const x = state('batch', [batch, inputs], task.x);
  const labels = state('labels', [batch], task.labels);
  const byName = new Map(weights.map(({ name, values }) => [name, values]));
  const theta = state('parameters', [layout.length], flatValues(layout, byName), 1);
  const velocity = state('momentum buffer', [layout.length], undefined, 1);
  const rates = state('learning rates', [LONGEST], new Float32Array(LONGEST).fill(rate), 1);
  const hyper = state('SGD settings', [4], packSettings(PLAIN_SGD), 1);
  const counters = state('counters', [3], new Uint32Array(3), 1);
  const ring = state('ring', [STEPS, 1 + (statistics ? 2 * weights.length : 0)], undefined, 1);

  const graph = new Graph();
  const [w1, b1, w2, b2] = unpack(read(graph, theta), layout);
  const logits = linear(relu(linear(read(graph, x), w1!, b1!)), w2!, b2!);
  const losses = softmaxCrossEntropy(logits, read(graph, labels));
  const wanted = [w1!, b1!, w2!, b2!];
  const cotangents = vjp([[losses, fill(graph, 1 / batch, [batch])]], wanted);
  const gradients = cotangents.of.map((gradient) => gradient!);
  const noise = statistics
    ? [
        ...gradients.map((gradient) => normSq(gradient)),
        ...perExampleNormSq(perExample(cotangents, wanted)).map((norms) => sum(norms)),
      ]
    : [];
  sgd({ theta, velocity, rates, hyper, counters }, pack(layout, gradients));
  record({ counters, ring, examples: batch }, losses, noise);

  const arena = new Arena(gpu);
  const label = `step B=${batch}${statistics ? ' with statistics' : ''}`;
  const program = await compile(gpu, graph, { label, replicas: 1, arena });
  const replay = new Replay(gpu, ring, 1, 1);
  let taken = 0;
  return {
    async run(steps) {
      const encode = (pass: GPUComputePassEncoder): void => {
        for (let i = 0; i < steps; i++) program.encode(pass);
      };
      taken += steps;
      const [rows] = (await replay.submit(encode, { count: 1, slot: (taken - 1) % STEPS, read: true }))!;
      return rows![0]!;
    },
    async profile() {
      taken++;
      return program.profile();
    },
    dispose() {
      for (const made of [program, replay, arena, ...states]) made.dispose();
    },
  };
}

async function trainingRun(gpu: Gpu, task: BenchTask): Promise<BenchJob> {
  const { batch, inputs, hidden, classes, bytes, labels, rate } = task;
  const run = await TrainingRun.open(gpu, {
    model: parseModel('bench', {
      layers: [
        { type: 'Linear', in_features: inputs, out_features: hidden },
        { type: 'ReLU' },
        { type: 'Linear', in_features: hidden, out_features: classes },
      ],
      loss: 'cross_entropy',
    }),
    // An epoch is one batch: drawn anew each time, it holds the same examples in another order.
    dataset: {
      name: 'bench',
      x: bytes,
      exampleShape: [inputs],
      targets: { kind: 'classes', labels, classes },
      examples: batch,
    },
    steps: LONGEST,
    batches: [{ fromStep: 0, batchSize: batch }],
    sampling: 'shuffle',
    replicas: [
      {
        seed: 1,
        settings: PLAIN_SGD,
        rates: new Float32Array(LONGEST).fill(rate),
        weights: new Map(parameters(task).map(({ name, values }) => [name, values])),
      },
    ],
    recordEvery: STEPS,
  });
  return {
    async run(steps) {
      let loss = Number.NaN;
      for await (const readings of run.steps(run.submitted + steps)) loss = readings.at(-1)?.loss ?? loss;
      return loss;
    },
    profile: () => run.profile(),
    dispose: () => run.dispose(),
  };
}
