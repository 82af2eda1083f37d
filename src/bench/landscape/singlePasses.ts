import { compile } from '../../autograd/compile.ts';
import type { Dataset } from '../../data/dataset.ts';
import { uploadExamples } from '../../data/uploadExamples.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import type { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { type Evaluation, Evaluator } from '../../measure/evaluation/evaluator.ts';
import { bufferLayout, initialStatistics } from '../../nn/batchNorm.ts';
import { exampleLosses } from '../../nn/exampleLosses.ts';
import { forward, parameterLayout } from '../../nn/forward.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import { unpack } from '../../ops/flat.ts';
import { Graph } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { gather } from '../../ops/state/gather.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { store } from '../../ops/state/store.ts';

/** A model's parameters and running statistics in device memory. */
function resident(gpu: Gpu, scope: Scope, model: ModelSpec): { theta: State; buffers: State | null } {
  const flat = (label: string, length: number): State =>
    scope.own(new State(gpu, { label, shape: [length] }));
  const theta = flat('parameters', parameterLayout(model).length);
  const { length } = bufferLayout(model);
  const buffers = length > 0 ? flat('running statistics', length) : null;
  buffers?.write(initialStatistics(model));
  return { theta, buffers };
}

/**
 * One forward pass over all examples as one batch: their losses, or in train mode the running statistics of BatchNorm.
 */
export async function forwardPass(
  gpu: Gpu,
  scope: Scope,
  model: ModelSpec,
  dataset: Dataset,
  mode: 'train' | 'eval',
  values: Float32Array,
): Promise<Program> {
  const { theta, buffers } = resident(gpu, scope, model);
  theta.write(values);
  const examples = scope.own(uploadExamples(gpu, dataset));
  const counters = scope.own(new State(gpu, { label: 'pass counters', shape: [3], dtype: 'u32' }));
  const losses = scope.own(new State(gpu, { label: 'losses', shape: [dataset.examples] }));
  const graph = new Graph();
  const sampler = { mode: 'sequential' as const, examples: dataset.examples, counters };
  const [x, targets] = gather(examples, sampleIndices(graph, sampler, dataset.examples));
  const parameters = unpack(read(graph, theta), parameterLayout(model));
  const outputs = forward(model, parameters, x, { mode, buffers, cumulative: true });
  if (mode === 'eval') store(losses, exampleLosses(model.loss, outputs, targets));
  const arena = scope.own(new Arena(gpu));
  return scope.own(await compile(gpu, graph, { label: `${mode} pass`, replicas: 1, arena }));
}

/** Evaluations as they are done for one model: parameters from the host, loss and accuracy back. */
export async function oneAtATime(
  gpu: Gpu,
  scope: Scope,
  model: ModelSpec,
  dataset: Dataset,
): Promise<(values: Float32Array) => Promise<Evaluation>> {
  const { theta, buffers } = resident(gpu, scope, model);
  const examples = scope.own(uploadExamples(gpu, dataset));
  const arena = scope.own(new Arena(gpu));
  const of = { model, layout: parameterLayout(model), theta, buffers, examples, arena };
  const evaluator = scope.own(await Evaluator.open(gpu, of));
  return async (values) => {
    theta.write(values);
    return (await evaluator.evaluate())[0]!;
  };
}
