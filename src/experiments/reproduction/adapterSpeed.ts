import { syntheticDataset } from '../../data/synthetic.ts';
import type { Gpu } from '../../gpu/device.ts';
import { train } from '../../train/train.ts';

/** Seconds that a trial takes on the reference adapter: SwiftShader under Node on two cores, calm (Chromium 0.472; 2026-11-27). */
const REFERENCE_SECONDS = 0.467;

const REPLICAS = 8;
const STEPS = 200;

/**
 * How fast this adapter is, as a share of the reference: by a training of the kind that cells are made of, eight replicas of a small
 * perceptron. It says by how much the cells' costs, which are the reference's, are to be divided.
 */
export async function adapterSpeed(gpu: Gpu): Promise<number> {
  const seconds: number[] = [];
  for (let trial = 0; trial < 3; trial++) seconds.push(await trialSeconds(gpu));
  return REFERENCE_SECONDS / seconds.sort((a, b) => a - b)[1]!;
}

async function trialSeconds(gpu: Gpu): Promise<number> {
  const run = await train(gpu, {
    model: {
      layers: [
        { type: 'Linear', in_features: 64, out_features: 64, bias: true },
        { type: 'ReLU' },
        { type: 'Linear', in_features: 64, out_features: 10, bias: true },
      ],
      loss: 'cross_entropy',
    },
    data: syntheticDataset('gaussian-clusters?dims=64&classes=10&examples=1024'),
    steps: 2 * STEPS,
    batchSize: 32,
    grid: { lr: [0.05], seed: Array.from({ length: REPLICAS }, (_, seed) => seed) },
  });
  try {
    const until = async (step: number): Promise<void> => {
      for await (const _ of run.readings(step));
    };
    await until(STEPS);
    const started = performance.now();
    await until(2 * STEPS);
    return (performance.now() - started) / 1000;
  } finally {
    run.dispose();
  }
}
