import { z } from 'zod';
import { withDataOptions } from '../../data/dataOptions.ts';
import type { Dataset } from '../../data/dataset.ts';
import { firstExamples } from '../../data/firstExamples.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import { characterModel } from '../../nn/characterModel.ts';
import * as nn from '../../nn/layers.ts';
import type { LayerSpec } from '../../nn/modelSpec.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { train } from '../../train/train.ts';
import type { Study } from '../claim.ts';
import { refused, requireAtLeast } from '../protocol.ts';

/**
 * What a model learns of a text from as many sequences in batches of each size, at the best ε of a grid for each of them: a small causal
 * Transformer, which tells the next byte at each place, and a perceptron, which tells the last one from all before it. AdamW with ε rising
 * over the first twentieth and falling as a cosine to 0. All batch sizes have one grid, in units of √(B/16): where noise rules, Adam's best
 * ε goes as √B (Malladi et al. 2022).
 */
export type EqualTokensProtocol = {
  readonly data: string;
  readonly sequences: number;
  readonly tested: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly hidden: number;
  readonly batchSizes: readonly number[];
  /** ε at B = 16. */
  readonly rates: readonly number[];
  readonly units: number;
  readonly seed: number;
};

export type EqualTokensCell = Omit<EqualTokensProtocol, 'batchSizes' | 'units' | 'seed'> & {
  readonly unit: number;
  readonly model: 'transformer' | 'perceptron';
  readonly batchSize: number;
};

export interface EqualTokensEvidence {
  /** Loss of the text for testing at the end, nats a symbol, by ε; null where the run diverged. */
  readonly losses: readonly (number | null)[];
}

const STANDARD: EqualTokensProtocol = {
  data: 'moby-dick?context=32',
  sequences: 8192,
  tested: 1024,
  layers: 2,
  width: 32,
  heads: 4,
  hidden: 64,
  batchSizes: [1, 4, 16, 64, 256],
  rates: [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016],
  units: 6,
  seed: 1000,
};

/** Share of the steps over which ε rises. */
const WARMUP = 0.05;
/** At which the grid is what it says. */
const REFERENCE = 16;

export const equalTokens: Study<EqualTokensProtocol, EqualTokensCell, EqualTokensEvidence> = {
  id: 'equal-tokens',
  version: 1,
  presets: {
    quick: {
      ...STANDARD,
      data: 'markov-text?context=16&examples=1024&test=128',
      sequences: 512,
      tested: 128,
      width: 16,
      batchSizes: [2, 16, 128],
      rates: [0.001, 0.004, 0.016],
      units: 2,
      seed: 0,
    },
    standard: STANDARD,
  },
  parts: {
    data: 'text, by name or file',
    sequences: 'that each run sees, once each',
    tested: 'sequences of the text for testing, the first ones',
    layers: 'layers of the Transformer',
    width: 'numbers at each place between them, and of the perceptron’s embedding',
    heads: 'heads of its attention',
    hidden: 'hidden units of the perceptron',
    batchSizes: 'B, in sequences',
    rates: 'ε of AdamW at B = 16; at another B times √(B/16)',
    units: 'replicates of all runs',
    seed: 'of the first unit; the others’ follow',
  },
  evidence: z.strictObject({ losses: z.array(z.number().nullable()) }),

  cells({ units, seed, batchSizes, ...of }) {
    requireAtLeast(equalTokens, 2, { units, batchSizes, rates: of.rates });
    if (batchSizes.at(-1)! > of.sequences)
      throw refused(equalTokens, 'batchSizes', `has ${batchSizes.at(-1)}, expected at most ${of.sequences}`);
    return Array.from({ length: units }, (_, u) => seed + u).flatMap((unit) =>
      (['transformer', 'perceptron'] as const).flatMap((model) =>
        batchSizes.map((batchSize): EqualTokensCell => ({ ...of, unit, model, batchSize })),
      ),
    );
  },
  cost: ({ model, batchSize, sequences, rates, layers, width, hidden, data, tested }) => {
    const places = Number(/context=(\d+)/.exec(data)?.[1] ?? 64);
    const weights =
      model === 'transformer' ? layers * 12 * width ** 2 + 512 * width : places * width * hidden;
    const tokens = model === 'transformer' ? places : 1;
    return {
      seconds:
        4 +
        Math.ceil(sequences / batchSize) * 0.006 +
        2.5e-9 * rates.length * (sequences * 3 + tested) * tokens * weights,
      bytes: 8 * places * (sequences + tested) + 4 * rates.length * batchSize * places * width * 60 + 2 ** 24,
    };
  },

  async *run(gpu, cell, host) {
    const { unit, model, batchSize, sequences, rates, tested } = cell;
    yield { type: 'phase', phase: `unit ${unit}, ${model}, B = ${batchSize}: reading data` };
    const loaded = await loadDataset(cell.data, host);
    if (!loaded.test) throw refused(equalTokens, 'data', `${cell.data} has no test part, expected one`);
    const { test: _, ...text } = withDataOptions(loaded, {
      subset: sequences,
      dataSeed: deriveSeed(unit, 'data'),
    });
    const testing = firstExamples(loaded.test, Math.min(tested, loaded.test.examples));
    const steps = Math.ceil(sequences / batchSize);
    const of = model === 'transformer' ? text : lastOnly(text);
    using run = await train(gpu, {
      model:
        model === 'transformer'
          ? characterModel({ places: text.exampleShape[0]!, symbols: text.symbols! }, cell)
          : contextPerceptron(text, cell),
      data: of,
      batchSize,
      optimizer: 'adamw',
      grid: { lr: rates.map((rate) => rate * Math.sqrt(batchSize / REFERENCE)) },
      schedule: { type: 'cosine', T_max: steps, eta_min: 0, warmup: Math.ceil(WARMUP * steps) },
      steps,
      seed: unit,
    });
    yield { type: 'phase', phase: `unit ${unit}, ${model}, B = ${batchSize}: training` };
    for await (const { step } of run.readings())
      yield { type: 'progress', done: step, total: steps, unit: 'steps' };
    const found = await run.evaluate(model === 'transformer' ? testing : lastOnly(testing));
    return { losses: found.map(({ loss }) => (Number.isFinite(loss) ? loss : null)) };
  },
};

/** Sequences of which the last target alone is asked for. */
function lastOnly({ test: _, ...text }: Dataset): Dataset {
  const { targets, examples } = text;
  if (targets.kind !== 'classes' || targets.positions === undefined)
    throw refused(equalTokens, 'data', `${text.name} has no target at each place, expected a text`);
  const { labels, positions, classes } = targets;
  const last = Uint32Array.from({ length: examples }, (_, n) => labels[(n + 1) * positions - 1]!);
  return { ...text, targets: { kind: 'classes', labels: last, classes } };
}

/** The embeddings of all symbols side by side, a hidden layer (GELU), logits. */
function contextPerceptron(
  { exampleShape, symbols }: Dataset,
  { width, hidden }: Pick<EqualTokensCell, 'width' | 'hidden'>,
): LayerSpec[] {
  const [places] = exampleShape as [number];
  return nn.sequential(
    nn.embedding(symbols!, width),
    nn.flatten(),
    nn.linear(places * width, hidden),
    nn.gelu(),
    nn.linear(hidden, symbols!),
  );
}
