import { compile } from '../autograd/compile.ts';
import { perExample } from '../autograd/perExample.ts';
import { vjp } from '../autograd/vjp.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import { Replay } from '../gpu/replay.ts';
import { State } from '../gpu/state.ts';
import { normSq } from '../ops/dot.ts';
import { fill } from '../ops/fill.ts';
import { pack, unpack } from '../ops/flat.ts';
import { Graph } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { record } from '../ops/state/record.ts';
import { sum } from '../ops/sum.ts';
import { packSettings, sgd } from '../optim/sgd.ts';
import type { BasinNetwork } from './basinNetwork.ts';
import type { BenchJob } from './benchAdapter.ts';
import { STEPS } from './benchCase.ts';

/** Steps that a job can take in all: the table of learning rates is that long. */
export const LONGEST = 20_000;
/** The batch of a step and its ε. */
export interface StepTask {
  readonly batch: number;
  readonly rate: number;
  /** [batch, …]. */
  readonly x: Float32Array;
  readonly labels: Uint32Array;
}

export const PLAIN_SGD = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false };

/**
 * The step traced, differentiated, fused and recorded by the engine, many steps in a submit.
 * @param statistics whether every step also computes what B_simple is made of: ‖ḡ‖² and Σₙ‖gₙ‖² of each parameter
 */
export async function basinStep(
  gpu: Gpu,
  task: StepTask,
  { layout, theta: initial, exampleShape, losses: lossesOf }: BasinNetwork,
  statistics: boolean,
): Promise<BenchJob> {
  const { batch, rate } = task;
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
  const x = state('batch', [batch, ...exampleShape], task.x);
  const labels = state('labels', [batch], task.labels);
  const theta = state('parameters', [layout.length], initial, 1);
  const velocity = state('momentum buffer', [layout.length], undefined, 1);
  const rates = state('learning rates', [LONGEST], new Float32Array(LONGEST).fill(rate), 1);
  const hyper = state('SGD settings', [4], packSettings(PLAIN_SGD), 1);
  const counters = state('counters', [3], new Uint32Array(3), 1);
  const ring = state('ring', [STEPS, 1 + (statistics ? 2 * layout.entries.length : 0)], undefined, 1);

  const graph = new Graph();
  const wanted = unpack(read(graph, theta), layout);
  const losses = lossesOf(wanted, read(graph, x), read(graph, labels));
  const cotangents = vjp([[losses, fill(graph, 1 / batch, [batch])]], wanted);
  const gradients = cotangents.of.map((gradient) => gradient!);
  const noise = statistics
    ? [
        ...gradients.map((gradient) => normSq(gradient)),
        ...perExample(cotangents, wanted).map((each) => sum(each.norms())),
      ]
    : [];
  sgd({ theta, velocity, rates, hyper, counters }, pack(layout, gradients));
  record({ counters, ring, examples: batch }, losses, noise);

  const arena = new Arena(gpu);
  const label = `step B=${batch}${statistics ? ' with statistics' : ''}`;
  const program = await compile(gpu, graph, { label, replicas: 1, arena, soon: true });
  const replay = new Replay(gpu, ring, 1, 1);
  let taken = 0;
  let loss = Number.NaN;
  return {
    async run(steps) {
      const encode = (pass: GPUComputePassEncoder): void => {
        for (let i = 0; i < steps; i++) program.encode(pass);
      };
      taken += steps;
      const [rows] = (await replay.submit([encode], { count: 1, slot: (taken - 1) % STEPS, read: true }))!;
      loss = rows![0]!;
    },
    read: async () => Float32Array.of(loss),
    async profile() {
      taken++;
      return program.profile();
    },
    dispose() {
      for (const made of [program, replay, arena, ...states]) made.dispose();
    },
  };
}
