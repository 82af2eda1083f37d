import { expect, test, vi } from 'vitest';
import { kernelTarget, optimise } from '../../src/autograd/compile.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import type { KernelDemand } from '../../src/gpu/kernelChoice.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { batchNorm1d, dropout, gelu, linear, relu, sequential, tanh } from '../../src/nn/layers.ts';
import type { LayerSpec, LossName } from '../../src/nn/modelSpec.ts';
import { type FusedStep, fuseStep } from '../../src/optim/fuseStep.ts';
import type { OptimizerRule } from '../../src/optim/optimizer.ts';
import { emulatedGpu } from '../../src/selftest/emulatedGpu.ts';
import { makeRunParts } from '../../src/train/runParts.ts';
import { GPU_CONSTANTS } from './gpuConstants.ts';

for (const [name, value] of Object.entries(GPU_CONSTANTS)) vi.stubGlobal(name, value);

const CLASSES = 'gaussian-clusters?examples=200&classes=3&dims=5';
const VALUES = 'linear-regression?examples=100&dims=5';

interface Given {
  readonly loss?: LossName;
  readonly data?: string;
  readonly batchSize?: number;
  readonly optimizer?: OptimizerRule;
  readonly adapter?: Parameters<typeof emulatedGpu>[0];
  readonly steps?: number;
  /** The variant that is asked for. */
  readonly wanted?: string;
}

/** The fused step of a net, and what was chosen by what demand. */
function fused(layers: readonly LayerSpec[], given: Given = {}) {
  const { adapter = { software: true, subgroupSize: 4 }, batchSize = 6, steps = 10_000 } = given;
  const { gpu } = emulatedGpu(adapter);
  const taken: Record<string, string> = {};
  const choices = {
    wanted: ({ family }: KernelDemand) => (family === 'step' ? given.wanted : undefined),
    taken: ({ family, key }: KernelDemand, { name }: { readonly name: string }) => {
      if (family === 'step') taken[key] = name;
    },
  };
  const { traces } = makeRunParts(
    gpu,
    new Scope(),
    {
      model: { layers: [...layers], loss: given.loss ?? 'cross_entropy' },
      dataset: syntheticDataset(given.data ?? CLASSES),
      steps,
      batches: [{ fromStep: 0, batchSize }],
      sampling: 'shuffle',
      ...(given.optimizer ? { optimizer: given.optimizer } : {}),
    },
    2,
  );
  const target = { ...kernelTarget(gpu), choices };
  const found: FusedStep | null = fuseStep(optimise(traces[0]!.graph), target, { momentum: false, steps });
  return { ops: found?.graph.nodes.map(({ op }) => op.name), from: found?.from, taken };
}

const WHOLE = ['sampleIndices', 'gather', 'perceptronStep', 'record'];
const net = sequential(linear(5, 8), relu(), linear(8, 3));

test('forward pass, loss, backward pass and update of a perceptron are one kernel', () => {
  expect(fused(net)).toEqual({
    ops: WHOLE,
    from: 512,
    taken: { '5-8-3 relu crossEntropy batch=6': 'whole, 4 lanes, from step 513' },
  });
  expect(fused(sequential(linear(5, 3))).ops).toEqual(WHOLE);
  const deep = sequential(linear(5, 9), tanh(), linear(9, 7), tanh(), linear(7, 6), tanh(), linear(6, 1));
  expect(fused(deep, { loss: 'mse', data: VALUES }).ops).toEqual(WHOLE);
});

test('a larger net takes longer to compile, and so begins later', () => {
  const wide = sequential(linear(5, 64), relu(), linear(64, 64), relu(), linear(64, 3));
  expect(fused(wide, { batchSize: 8 }).from).toBe(512);
  expect(fused(wide, { batchSize: 32 }).from).toBe(1792);
});

const others: Readonly<Record<string, readonly [readonly LayerSpec[], Given?]>> = {
  'a run that ends before': [net, { steps: 512 }],
  Adam: [net, { optimizer: { type: 'adam', amsgrad: false } }],
  'a layer without a bias': [sequential(linear(5, 8, { bias: false }), relu(), linear(8, 3))],
  'two layers without an activation between': [sequential(linear(5, 8), linear(8, 3))],
  'two activations': [sequential(linear(5, 8), relu(), linear(8, 7), tanh(), linear(7, 3))],
  'an activation at the end': [sequential(linear(5, 8), relu(), linear(8, 3), relu())],
  GELU: [sequential(linear(5, 8), gelu(), linear(8, 3))],
  Dropout: [sequential(linear(5, 8), relu(), dropout(0.5), linear(8, 3))],
  BatchNorm: [sequential(linear(5, 8), batchNorm1d(8), relu(), linear(8, 3))],
  'five layers': [
    sequential(
      linear(5, 5),
      relu(),
      linear(5, 5),
      relu(),
      linear(5, 5),
      relu(),
      linear(5, 5),
      relu(),
      linear(5, 3),
    ),
  ],
  'a net too large to write out': [
    sequential(linear(5, 512), relu(), linear(512, 512), relu(), linear(512, 3)),
  ],
  'a layer too wide to keep': [
    sequential(linear(5, 600)),
    { batchSize: 40, data: 'gaussian-clusters?examples=2000&classes=600&dims=5' },
  ],
  'an adapter without subgroups': [net, { adapter: { software: true } }],
  'a GPU, where it was not measured': [net, { adapter: { subgroupSize: 32 } }],
  'subgroups of eight, likewise': [net, { adapter: { software: true, subgroupSize: 8 } }],
  'the choice of the kernels of the ops': [net, { wanted: 'op by op' }],
};

test.each(Object.entries(others))('%s is left to the kernels of the ops', (_, [layers, given]) => {
  expect(fused(layers, given).ops).toBeUndefined();
});

test('a GPU takes it where that is asked for', () => {
  const wanted = 'whole, 32 lanes, from step 513';
  expect(fused(net, { adapter: { subgroupSize: 32 }, wanted }).ops).toEqual(WHOLE);
});
