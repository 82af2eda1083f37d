import { z } from 'zod';
import { withDataOptions } from '../../data/dataOptions.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import { characterModel } from '../../nn/characterModel.ts';
import { layerNormParameters } from '../../nn/layerNormParameters.ts';
import { modelFrom } from '../../nn/modelFrom.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import type { Reading } from '../../train/reading.ts';
import { train } from '../../train/train.ts';
import type { Study } from '../claim.ts';
import { requireAtLeast } from '../protocol.ts';

/**
 * The noise of a small Transformer's gradients while it learns a text by AdamW, from the single sequences of every batch: of all
 * parameters, and of LayerNorm's weights and biases. tr Σ and |G|², both without bias, are averaged apart over windows of equal length.
 */
export type TransformerNoiseProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly stillLr: number;
  readonly warmup: number;
  readonly steps: number;
  readonly stillSteps: number;
  /** Steps of a window. */
  readonly window: number;
  readonly units: number;
  readonly seed: number;
};

export type TransformerNoiseCell = Omit<
  TransformerNoiseProtocol,
  'stillLr' | 'stillSteps' | 'units' | 'seed'
> & {
  readonly unit: number;
  /** One that trains, or one at so small an ε that it all but stands still. */
  readonly arm: 'trained' | 'still';
};

/** Means over the batches of a window, without bias. */
export interface NoiseParts {
  /** tr Σ */
  readonly trace: number;
  /** |G|² */
  readonly signal: number;
}

export interface NoiseWindow {
  /** Its last step. */
  readonly to: number;
  /** Mean over its batches, nats a symbol. */
  readonly loss: number;
  readonly all: NoiseParts;
  readonly layerNorm: NoiseParts;
}

export interface TransformerNoiseEvidence {
  readonly windows: readonly NoiseWindow[];
}

const STANDARD: TransformerNoiseProtocol = {
  data: 'moby-dick?context=32',
  examples: 16_384,
  layers: 2,
  width: 32,
  heads: 4,
  batchSize: 32,
  lr: 0.003,
  stillLr: 3e-6,
  warmup: 40,
  steps: 800,
  stillSteps: 200,
  window: 40,
  units: 8,
  seed: 1000,
};

const parts = z.strictObject({ trace: z.number(), signal: z.number() });
/** Seconds of a step for each sequence, layer, symbol of it and number of its width. */
const STEP = 2.4e-7;

export const transformerNoise: Study<
  TransformerNoiseProtocol,
  TransformerNoiseCell,
  TransformerNoiseEvidence
> = {
  id: 'transformer-noise',
  version: 1,
  presets: {
    quick: {
      ...STANDARD,
      data: 'markov-text?context=16',
      examples: 1024,
      width: 16,
      batchSize: 16,
      steps: 120,
      stillSteps: 60,
      warmup: 10,
      window: 10,
      units: 2,
      seed: 0,
    },
    standard: STANDARD,
  },
  parts: {
    data: 'text, by name or file',
    examples: 'sequences of it, drawn by each unit',
    layers: 'layers of the Transformer',
    width: 'numbers at each place between them',
    heads: 'heads of its attention',
    batchSize: 'B, in sequences',
    lr: 'ε of AdamW',
    stillLr: 'ε of the control that all but stands still',
    warmup: 'steps over which ε rises',
    steps: 'of a run',
    stillSteps: 'of the one that all but stands still',
    window: 'steps of which the noise is averaged',
    units: 'runs',
    seed: 'of the first unit; the others’ follow',
  },
  series: {
    'B_simple of a window’s batches': { x: { label: 'step' }, y: { label: 'B_simple', log: true } },
  },
  evidence: z.strictObject({
    windows: z.array(
      z.strictObject({ to: z.int().positive(), loss: z.number(), all: parts, layerNorm: parts }),
    ),
  }),

  cells({ units, seed, stillLr, stillSteps, ...of }) {
    requireAtLeast(transformerNoise, 2, { units });
    return Array.from({ length: units }, (_, u) => seed + u).flatMap((unit): TransformerNoiseCell[] => [
      { ...of, unit, arm: 'trained' },
      { ...of, unit, arm: 'still', lr: stillLr, steps: stillSteps },
    ]);
  },
  cost: ({ steps, batchSize, layers, width, examples, data }) => {
    const places = Number(/context=(\d+)/.exec(data)?.[1] ?? 64);
    return {
      seconds: 4 + steps * (0.006 + STEP * batchSize * places * layers * width),
      bytes: 8 * examples * places + 4 * batchSize * places * layers * width * 60 + 2 ** 24,
    };
  },

  async *run(gpu, cell, host) {
    const { unit, arm, data, examples, batchSize, lr, warmup, steps, window } = cell;
    yield { type: 'phase', phase: `unit ${unit}, ${arm}: reading data` };
    const { test: _, ...text } = withDataOptions(await loadDataset(data, host), {
      subset: examples,
      dataSeed: deriveSeed(unit, 'data'),
    });
    const layers = characterModel({ places: text.exampleShape[0]!, symbols: text.symbols! }, cell);
    const norms = new Set(layerNormParameters(modelFrom('model', layers, 'cross_entropy')));
    using run = await train(gpu, {
      model: layers,
      data: text,
      batchSize,
      optimizer: 'adamw',
      lr,
      schedule: { type: 'constant', warmup },
      steps,
      seed: unit,
      instruments: [{ type: 'noise_scale', layers: true, every: 1 }],
    });
    yield { type: 'phase', phase: `unit ${unit}, ${arm}: training` };
    const [chart] = Object.keys(transformerNoise.series!) as [string];
    const windows: NoiseWindow[] = [];
    let within: Reading[] = [];
    for await (const reading of run.readings()) {
      within.push(reading);
      if (within.length < window) continue;
      const found = windowOf(within, norms);
      windows.push(found);
      within = [];
      const { trace, signal } = found.all;
      if (signal > 0)
        yield { type: 'series', chart, curve: `unit ${unit}, ${arm}`, x: found.to, y: trace / signal };
      yield { type: 'progress', done: found.to, total: steps, unit: 'steps' };
    }
    return { windows };
  },
};

/** @param norms names of LayerNorm's parameters */
function windowOf(readings: readonly Reading[], norms: ReadonlySet<string>): NoiseWindow {
  const mean = (of: (reading: Reading) => number): number =>
    readings.reduce((sum, reading) => sum + of(reading), 0) / readings.length;
  const over = (
    { layers = {} }: Reading,
    of: (layer: { gradNormSq: number; traceCovariance: number }) => number,
  ) => Object.entries(layers).reduce((sum, [name, layer]) => (norms.has(name) ? sum + of(layer) : sum), 0);
  return {
    to: readings.at(-1)!.step,
    loss: mean(({ loss }) => loss),
    all: {
      trace: mean(({ traceCovariance }) => traceCovariance!),
      signal: mean(({ gradNormSqUnbiased }) => gradNormSqUnbiased!),
    },
    layerNorm: {
      trace: mean((reading) => over(reading, ({ traceCovariance }) => traceCovariance)),
      // |ḡ|² less tr Σ/B, as of all parameters.
      signal: mean((reading) =>
        over(reading, (layer) => layer.gradNormSq - layer.traceCovariance / reading.batchSize),
      ),
    },
  };
}
