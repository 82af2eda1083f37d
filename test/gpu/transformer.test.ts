import { expect, test } from 'vitest';
import { jvp } from '../../src/autograd/jvp.ts';
import { perExample } from '../../src/autograd/perExample.ts';
import { grad, vjp } from '../../src/autograd/vjp.ts';
import { State } from '../../src/gpu/state.ts';
import { dropoutMask } from '../../src/nn/dropoutMask.ts';
import { exampleLosses } from '../../src/nn/exampleLosses.ts';
import { forward } from '../../src/nn/forward.ts';
import type { ForwardContext } from '../../src/nn/forwardContext.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import * as nn from '../../src/nn/layers.ts';
import {
  inferShapes,
  type LayerSpec,
  type ModelSpec,
  parseModel,
  stateDictLayout,
} from '../../src/nn/modelSpec.ts';
import { rightAnswers } from '../../src/nn/rightAnswers.ts';
import type { Tensor } from '../../src/ops/graph.ts';
import { fill, mean, sum } from '../../src/ops/index.ts';
import { type DropFactor, dense, encoderLayer, layerNorm } from '../../src/reference/encoderLayer.ts';
import { testGpu } from './device.ts';
import { evaluate, type Operand, randomValues } from './trace.ts';

interface Case {
  readonly vocabulary: number;
  readonly places: number;
  readonly width: number;
  readonly examples: number;
  readonly layer: LayerSpec;
  /** LayerNorm before the logits. */
  readonly lastNorm?: boolean;
}

const { transformerEncoderLayer: encoder } = nn;

const CASES: Readonly<Record<string, Case>> = {
  'two heads, causal, normalised before, GELU, odd T': {
    vocabulary: 5,
    places: 7,
    width: 6,
    examples: 6,
    layer: encoder(6, 2, { feedforward: 9, dropout: 0, activation: 'gelu', normFirst: true, causal: true }),
    lastNorm: true,
  },
  'one head of an odd width, a vocabulary of two, no biases, normalised after, ReLU': {
    vocabulary: 2,
    places: 5,
    width: 3,
    examples: 6,
    layer: encoder(3, 1, { feedforward: 5, dropout: 0, bias: false }),
  },
  'one token, one sequence': {
    vocabulary: 3,
    places: 1,
    width: 4,
    examples: 1,
    layer: encoder(4, 2, { feedforward: 3, dropout: 0, causal: true }),
  },
  'four heads, causal, normalised after, 33 places': {
    vocabulary: 65,
    places: 33,
    width: 8,
    examples: 2,
    layer: encoder(8, 4, { feedforward: 13, dropout: 0, activation: 'gelu', causal: true }),
  },
  'two heads, causal, 129 places, without a matrix of weights': {
    vocabulary: 5,
    places: 129,
    width: 6,
    examples: 3,
    layer: encoder(6, 2, { feedforward: 5, dropout: 0, activation: 'gelu', normFirst: true, causal: true }),
  },
};

function modelOf({ vocabulary, places, width, layer, lastNorm = false }: Case): ModelSpec {
  return parseModel('model', {
    layers: [
      nn.embedding(vocabulary, width),
      nn.learnedPositions(places, width),
      layer,
      ...(lastNorm ? [nn.layerNorm(width)] : []),
      nn.linear(width, vocabulary),
    ],
    loss: 'cross_entropy',
  });
}

/** Initial weights, of which none is a constant any more. */
function weightsOf(model: ModelSpec, seed: number): Map<string, Float32Array> {
  return new Map(
    [...initialStateDict(model, seed)].map(([name, { data }], i) => {
      const noise = randomValues(data.length, 50 * seed + i);
      return [name, data.map((v, e) => v + 0.3 * noise[e]!)];
    }),
  );
}

const tokens = (count: number, vocabulary: number, seed: number): Uint32Array =>
  Uint32Array.from(randomValues(count, seed), (v) => Math.floor(((v + 1) / 2) * vocabulary));

type Weights = ReadonlyMap<string, ArrayLike<number>>;

/** The losses of the examples in float64, one by one. */
function referenceLosses(
  { vocabulary, places, width, examples, layer, lastNorm }: Case,
  weights: Weights,
  x: Uint32Array,
  targets: Uint32Array,
  factorOf: (example: number) => DropFactor = () => () => 1,
): Float64Array {
  if (layer.type !== 'TransformerEncoderLayer') throw new Error('no layer to compare');
  const of = (name: string): ArrayLike<number> => weights.get(name)!;
  const own = Object.fromEntries(
    [...weights].flatMap(([name, values]) => (name.startsWith('2.') ? [[name.slice(2), values]] : [])),
  );
  return Float64Array.from({ length: examples }, (_, n) => {
    const h = Float64Array.from(
      { length: places * width },
      (_, i) =>
        of('0.weight')[x[n * places + Math.floor(i / width)]! * width + (i % width)]! + of('1.weight')[i]!,
    );
    let out = encoderLayer(h, layer, own, factorOf(n));
    if (lastNorm) out = layerNorm(out, of('3.weight'), of('3.bias'), 1e-5, width);
    const last = lastNorm ? 4 : 3;
    const logits = dense(out, of(`${last}.weight`), of(`${last}.bias`), width);
    let loss = 0;
    for (let t = 0; t < places; t++) {
      const row = logits.subarray(t * vocabulary, (t + 1) * vocabulary);
      const total = row.reduce((all, z) => all + Math.exp(z), 0);
      loss += (Math.log(total) - row[targets[n * places + t]!]!) / places;
    }
    return loss;
  });
}

const average = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, v) => total + v, 0) / values.length;
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((total, v, i) => total + v * b[i]!, 0);

/** θ + Σ step·direction, in float64. */
function moved(weights: Weights, by: readonly (readonly [number, Weights])[]): Weights {
  return new Map(
    [...weights].map(([name, values]) => [
      name,
      Float64Array.from(values, (v, i) =>
        by.reduce((total, [step, along]) => total + step * (along.get(name)?.[i] ?? 0), v),
      ),
    ]),
  );
}

const operandsOf = (model: ModelSpec, weights: Weights): Operand[] =>
  stateDictLayout(model).map(({ name, shape }) => ({ shape, values: weights.get(name) as Float32Array }));

const shaped = (examples: number, places: number, values: Uint32Array): Operand => ({
  shape: [examples, places],
  values,
});

const names = (model: ModelSpec): string[] => stateDictLayout(model).map(({ name }) => name);

function lossesOf(
  model: ModelSpec,
  inputs: readonly Tensor[],
  context: ForwardContext = { mode: 'train' },
): { parameters: Tensor[]; outputs: Tensor; losses: Tensor } {
  const parameters = inputs.slice(0, names(model).length);
  const [x, targets] = inputs.slice(parameters.length) as [Tensor, Tensor];
  const outputs = forward(model, parameters, x, context);
  return { parameters, outputs, losses: exampleLosses(model.loss, outputs, targets) };
}

for (const [name, of] of Object.entries(CASES)) {
  test(`${name}: losses, gradients and Hessian products against float64 loops`, async () => {
    const { examples, places, vocabulary } = of;
    const model = modelOf(of);
    expect(inferShapes(model, [places]).at(-1)).toEqual([places, vocabulary]);
    const weights = weightsOf(model, 3);
    const [x, targets] = [1, 2].map((seed) => tokens(examples * places, vocabulary, seed)) as [
      Uint32Array,
      Uint32Array,
    ];
    const directions = [7, 8].map(
      (seed) =>
        new Map([...weights].map(([key, { length }], i) => [key, randomValues(length, 100 * seed + i)])),
    );
    const [u, v] = directions as [Map<string, Float32Array>, Map<string, Float32Array>];
    const count = weights.size;
    const trace = (inputs: Tensor[]): Tensor[] => {
      const { parameters, losses } = lossesOf(model, inputs.slice(0, count + 2));
      const gradients = grad(mean(losses), parameters);
      const products = [0, 1].flatMap((k) => {
        const along = inputs.slice(count + 2 + k * count, count + 2 + (k + 1) * count);
        return jvp(
          gradients,
          parameters.map((parameter, i) => [parameter, along[i]!]),
        ).map((product, i) => product ?? fill(losses.node.graph, 0, parameters[i]!.shape));
      });
      return [losses, ...gradients, ...products];
    };
    const operands = [
      ...operandsOf(model, weights),
      shaped(examples, places, x),
      shaped(examples, places, targets),
      ...operandsOf(model, u),
      ...operandsOf(model, v),
    ];
    const found = (await evaluate(operands, trace)).map((values) => values[0]!);
    const losses = (at: Weights): Float64Array => referenceLosses(of, at, x, targets);
    const wanted = losses(weights);
    expect(found[0]!.length).toBe(examples);
    for (const [n, loss] of wanted.entries()) expect(found[0]![n]!).toBeCloseTo(loss, 5);
    const loss = (by: readonly (readonly [number, Weights])[]): number => average(losses(moved(weights, by)));
    const h = 1e-5;
    const gradients = found.slice(1, 1 + count);
    const scale = Math.sqrt(gradients.reduce((total, g) => total + dot(g, g), 0));
    names(model).forEach((key, i) => {
      const only = new Map([[key, u.get(key)!]]);
      const slope = (loss([[h, only]]) - loss([[-h, only]])) / (2 * h);
      const norm = Math.sqrt(dot(u.get(key)!, u.get(key)!));
      expect(Math.abs(dot(gradients[i]!, u.get(key)!) - slope), key).toBeLessThan(1e-4 * scale * norm);
    });
    const product = (k: number, along: Weights): number =>
      names(model).reduce(
        (total, key, i) => total + dot(found[1 + count * (1 + k) + i]!, along.get(key)!),
        0,
      );
    const step = 1e-4;
    const mixed =
      ([1, -1] as const).reduce(
        (total, a) =>
          total +
          ([1, -1] as const).reduce(
            (inner, b) =>
              inner +
              a *
                b *
                loss([
                  [a * step, u],
                  [b * step, v],
                ]),
            0,
          ),
        0,
      ) /
      (4 * step * step);
    // Size of what is added up in a product: |u||Hv|.
    const all = (along: Weights): number => [...along.values()].reduce((total, w) => total + dot(w, w), 0);
    const length = (k: number): number =>
      Math.sqrt(found.slice(1 + count * (1 + k), 1 + count * (2 + k)).reduce((t, g) => t + dot(g, g), 0));
    const largest = Math.max(1e-3, Math.sqrt(all(u)) * length(1), Math.sqrt(all(v)) * length(0));
    expect(Math.abs(product(0, v) - product(1, u))).toBeLessThan(1e-5 * largest);
    expect(Math.abs(product(0, v) - mixed)).toBeLessThan(1e-4 * largest);
    const again = (await evaluate(operands, trace)).map((values) => values[0]!);
    expect(again).toEqual(found);
  }, 120_000);
}

/** Of what is compared the largest error over the largest number. */
function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  expect(found.length, what).toBe(wanted.length);
  const largest = Math.max(1e-6, ...Array.from(wanted, Math.abs));
  const worst = Math.max(...Array.from(wanted, (value, i) => Math.abs(value - found[i]!)));
  expect(worst, what).toBeLessThanOrEqual(2e-5 * largest);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Of several sequences. */
const SEVERAL = Object.entries(CASES).filter(([, { examples }]) => examples % 3 === 0);

for (const [name, of] of SEVERAL) {
  test(`${name}: statistics of single sequences are those of their gradients, one by one`, async () => {
    const { examples, places, vocabulary } = of;
    const model = modelOf(of);
    const weights = weightsOf(model, 5);
    const [x, targets] = [3, 4].map((seed) => tokens(examples * places, vocabulary, seed)) as [
      Uint32Array,
      Uint32Array,
    ];
    const unit = 3;
    const keys = names(model);
    const batch = (first: number, count: number): Operand[] =>
      [x, targets].map((values) =>
        shaped(count, places, values.slice(first * places, (first + count) * places)),
      );
    const backward = (inputs: readonly Tensor[]) => {
      const { parameters, losses } = lossesOf(model, inputs);
      return {
        parameters,
        cotangents: vjp([[losses, fill(losses.node.graph, 1, losses.shape)]], parameters),
      };
    };
    const found = await evaluate([...operandsOf(model, weights), ...batch(0, examples)], (inputs) => {
      const { parameters, cotangents } = backward(inputs);
      return [
        ...perExample(cotangents, parameters).flatMap((gradient) => {
          const { gradient: center, centredSquares, normSq } = gradient.moments();
          return [gradient.norms(), gradient.norms(unit), center, centredSquares, normSq];
        }),
        ...(cotangents.of as Tensor[]),
      ];
    });
    const single: Float32Array[][] = [];
    for (const n of upTo(examples)) {
      const gradients = await evaluate([...operandsOf(model, weights), ...batch(n, 1)], (inputs) => {
        return backward(inputs).cotangents.of as Tensor[];
      });
      single.push(gradients.map((g) => g[0]!));
    }
    keys.forEach((key, p) => {
      const rows = single.map((gradients) => gradients[p]!);
      const total = (of: readonly number[]): Float64Array =>
        Float64Array.from(rows[0]!, (_, i) => of.reduce((all, n) => all + rows[n]![i]!, 0));
      const center = total(upTo(examples)).map((value) => value / examples);
      const norms = rows.map((g) => dot(g, g));
      const wanted = [
        norms,
        upTo(examples / unit).map((k) => {
          const g = total(upTo(unit).map((i) => k * unit + i));
          return dot(g, g);
        }),
        center,
        center.map((m, i) => rows.reduce((all, g) => all + (g[i]! - m) ** 2, 0)),
        norms,
      ];
      wanted.forEach((values, i) => {
        expectClose(found[5 * p + i]![0]!, values, `${key}, statistic ${i}`);
      });
      const whole = found[5 * keys.length + p]![0]!;
      expectClose(
        found[5 * p + 2]![0]!.map((value) => examples * value),
        whole,
        `${key}: Σ gₙ`,
      );
    });
  }, 120_000);
}

test('from 128 places on nothing of places × places is made, forwards or backwards, and per example', async () => {
  const of = CASES['two heads, causal, 129 places, without a matrix of weights']!;
  const { examples, places, vocabulary } = of;
  const model = modelOf(of);
  const batch = [1, 2].map((seed) => shaped(examples, places, tokens(examples * places, vocabulary, seed)));
  let made = 0;
  await evaluate([...operandsOf(model, weightsOf(model, 1)), ...batch], (inputs, graph) => {
    const { parameters, losses } = lossesOf(model, inputs);
    const cotangents = vjp([[losses, fill(graph, 1, losses.shape)]], parameters);
    const norms = perExample(cotangents, parameters).map((gradient) => gradient.norms());
    const size = (shape: readonly number[]): number => shape.reduce((all, extent) => all * extent, 1);
    made = Math.max(...graph.nodes.flatMap(({ outputs }) => outputs.map(({ shape }) => size(shape))));
    return [...norms, ...(cotangents.of as Tensor[])];
  });
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(examples * places * places);
});

test('an embedding of which the rows are the weights of the last layer too has the cross terms of both uses', async () => {
  const [examples, places, vocabulary, width] = [4, 5, 3, 6];
  const layers = [nn.embedding(vocabulary, width), nn.linear(width, vocabulary, { bias: false })];
  const model = parseModel('model', { layers, loss: 'cross_entropy' });
  const [x, targets] = [3, 4].map((seed) => tokens(examples * places, vocabulary, seed)) as [
    Uint32Array,
    Uint32Array,
  ];
  const weight = { shape: [vocabulary, width], values: randomValues(vocabulary * width, 1) };
  const backward = ([w, at, of]: readonly Tensor[]) => {
    const losses = exampleLosses('cross_entropy', forward(model, [w!, w!], at!, { mode: 'train' }), of!);
    return vjp([[losses, fill(losses.node.graph, 1, losses.shape)]], [w!]);
  };
  const [norms, squares] = await evaluate(
    [weight, shaped(examples, places, x), shaped(examples, places, targets)],
    (inputs) => {
      const [gradient] = perExample(backward(inputs), [inputs[0]!]);
      return [gradient!.norms(), gradient!.moments().centredSquares];
    },
  );
  const rows: Float32Array[] = [];
  for (const n of upTo(examples)) {
    const one = (values: Uint32Array): Operand =>
      shaped(1, places, values.slice(n * places, (n + 1) * places));
    const [g] = await evaluate([weight, one(x), one(targets)], (inputs) => backward(inputs).of as Tensor[]);
    rows.push(g![0]!);
  }
  expectClose(
    norms![0]!,
    rows.map((g) => dot(g, g)),
    'norms',
  );
  const centred = Float64Array.from(rows[0]!, (_, i) => {
    const center = average(rows.map((g) => g[i]!));
    return rows.reduce((all, g) => all + (g[i]! - center) ** 2, 0);
  });
  expectClose(squares![0]!, centred, 'centred squares');
});

test('what is dropped is what the twin on the host drops, of four streams a layer; nothing in eval mode', async () => {
  const p = 0.3;
  const of: Case = {
    vocabulary: 4,
    places: 5,
    width: 6,
    examples: 3,
    layer: encoder(6, 2, { feedforward: 7, dropout: p, causal: true }),
  };
  const { examples, places, width, vocabulary } = of;
  const gpu = await testGpu();
  const seeds = new State(gpu, { label: 'seeds', shape: [1], dtype: 'u32' });
  const counters = new State(gpu, { label: 'counters', shape: [3], dtype: 'u32' });
  seeds.write(Uint32Array.of(11));
  counters.write(Uint32Array.of(4, 0, 0));
  const model = modelOf(of);
  const weights = weightsOf(model, 3);
  const [x, targets] = [1, 2].map((seed) => tokens(examples * places, vocabulary, seed)) as [
    Uint32Array,
    Uint32Array,
  ];
  const random = { seeds, counters };
  const [dropped, kept] = await evaluate(
    [...operandsOf(model, weights), shaped(examples, places, x), shaped(examples, places, targets)],
    (inputs) => [
      lossesOf(model, inputs, { mode: 'train', random }).losses,
      lossesOf(model, inputs, { mode: 'eval', random }).losses,
    ],
  );
  const elements = [2 * examples * places * places, ...[width, 7, width].map((k) => examples * places * k)];
  const masks = elements.map((count, part) =>
    dropoutMask(count, { p, seed: 11, layer: 2 + 0x1_0000 * part, step: 4 }),
  );
  const columns = [places, width, 7, width];
  const factorOf =
    (n: number): DropFactor =>
    (part, head, row, column) =>
      masks[part]![((head * examples + n) * places + row) * columns[part]! + column]! ? 1 / (1 - p) : 0;
  const wanted = referenceLosses(of, weights, x, targets, factorOf);
  wanted.forEach((loss, n) => {
    expect(dropped![0]![n]!).toBeCloseTo(loss, 5);
  });
  referenceLosses(of, weights, x, targets).forEach((loss, n) => {
    expect(kept![0]![n]!).toBeCloseTo(loss, 5);
  });
});

test('three replicas have the losses, gradients and shares of right answers that each has alone', async () => {
  const of = CASES['two heads, causal, normalised before, GELU, odd T']!;
  const { examples, places, vocabulary } = of;
  const model = modelOf(of);
  const each = [1, 2, 3].map((seed) => operandsOf(model, weightsOf(model, seed)));
  const batch = [1, 2].map((seed) => shaped(examples, places, tokens(examples * places, vocabulary, seed)));
  const trace = (inputs: Tensor[]): Tensor[] => {
    const { parameters, outputs, losses } = lossesOf(model, inputs);
    return [losses, rightAnswers(outputs, inputs.at(-1)!), ...grad(sum(losses), parameters)];
  };
  const together = await evaluate(
    [
      ...each[0]!.map(({ shape }, i) => ({ shape, values: each.map((o) => o[i]!.values as Float32Array) })),
      ...batch,
    ],
    trace,
    3,
  );
  for (const [r, operands] of each.entries()) {
    const alone = await evaluate([...operands, ...batch], trace);
    alone.forEach((values, i) => {
      expect(together[i]![r]).toEqual(values[0]);
    });
    for (const share of alone[1]![0]!) expect(share * places).toBeCloseTo(Math.round(share * places), 5);
  }
});
