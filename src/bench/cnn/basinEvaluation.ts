import { compile } from '../../autograd/compile.ts';
import type { Dataset } from '../../data/dataset.ts';
import { uploadExamples } from '../../data/uploadExamples.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { Evaluator } from '../../measure/evaluation/evaluator.ts';
import { forward } from '../../nn/forward.ts';
import { parseModel } from '../../nn/modelSpec.ts';
import { unpack } from '../../ops/flat.ts';
import { Graph } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { softmaxCrossEntropy } from '../../ops/softmaxCrossEntropy.ts';
import { store } from '../../ops/state/store.ts';
import { mean } from '../../ops/sum.ts';
import type { BenchJob } from '../benchAdapter.ts';
import { cnn } from './basinCnn.ts';
import { type CnnTask, cnnLayers, EVALUATED } from './cnnTask.ts';

/** A data set of `EVALUATED` images that holds the task's batch again and again. */
function manyImages({ batch, bytes, labels, classes }: CnnTask): Dataset {
  const pixels = bytes.length / batch;
  const x = new Uint8Array(EVALUATED * pixels);
  for (let n = 0; n < EVALUATED; n += batch) {
    x.set(bytes.subarray(0, Math.min(batch, EVALUATED - n) * pixels), n * pixels);
  }
  return {
    name: 'bench',
    x,
    exampleShape: [1, 28, 28],
    targets: {
      kind: 'classes',
      labels: Uint32Array.from({ length: EVALUATED }, (_, n) => labels[n % batch]!),
      classes,
    },
    examples: EVALUATED,
  };
}

/** Loss and accuracy over all images, as a run evaluates them: gathered from bytes, both read back. */
export function cnnEvaluation(gpu: Gpu, task: CnnTask): Promise<BenchJob> {
  return Scope.make(async (scope) => {
    const { layout, theta: values } = cnn(task);
    const model = parseModel('bench', { layers: cnnLayers(task.batchNorm), loss: 'cross_entropy' });
    const theta = scope.own(new State(gpu, { label: 'parameters', shape: [layout.length] }));
    theta.write(values);
    const examples = scope.own(uploadExamples(gpu, manyImages(task)));
    const arena = scope.own(new Arena(gpu));
    const evaluator = scope.own(await Evaluator.open(gpu, { model, layout, theta, examples, arena }));
    let loss = Number.NaN;
    return {
      async run(times) {
        for (let i = 0; i < times; i++) loss = (await evaluator.evaluate())[0]!.loss;
      },
      read: async () => Float32Array.of(loss),
      profile: () => evaluator.programs[0]!.profile(),
      dispose: () => scope.dispose(),
    };
  });
}

/**
 * What an evaluation is measured against: the forward pass of a training step, over its own batch and as often as makes up all images, without
 * gathering them.
 */
export function cnnForwardPasses(gpu: Gpu, task: CnnTask): Promise<BenchJob> {
  return Scope.make(async (scope) => {
    const { batch, x, labels } = task;
    const { layout, theta: values, exampleShape } = cnn(task);
    const model = parseModel('bench', { layers: cnnLayers(task.batchNorm), loss: 'cross_entropy' });
    const state = (label: string, shape: number[], given?: Float32Array | Uint32Array): State => {
      const dtype = given instanceof Uint32Array ? 'u32' : 'f32';
      const made = scope.own(new State(gpu, { label, shape, dtype }));
      if (given) made.write(given);
      return made;
    };
    const graph = new Graph();
    const images = read(graph, state('batch', [batch, ...exampleShape], x));
    const wanted = unpack(read(graph, state('parameters', [layout.length], values)), layout);
    const outputs = forward(model, wanted, images, { mode: 'train' });
    const loss = state('loss', []);
    store(loss, mean(softmaxCrossEntropy(outputs, read(graph, state('labels', [batch], labels)))));
    const arena = scope.own(new Arena(gpu));
    const program = scope.own(await compile(gpu, graph, { label: 'forward passes', replicas: 1, arena }));
    return {
      run(times) {
        for (let i = 0; i < times; i++) {
          const encoder = gpu.device.createCommandEncoder({ label: 'forward passes' });
          const pass = encoder.beginComputePass({ label: 'forward passes' });
          for (let done = 0; done < EVALUATED; done += batch) program.encode(pass);
          pass.end();
          gpu.device.queue.submit([encoder.finish()]);
        }
      },
      read: () => loss.read(),
      profile: () => program.profile(),
      dispose: () => scope.dispose(),
    };
  });
}
