import { describe, expect, test } from 'vitest';
import { symbolText, textSymbols } from '../../src/data/symbolText.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { textDataset } from '../../src/data/text.ts';
import { modelOfShortForm } from '../../src/jobs/shortForms.ts';
import { textSampling } from '../../src/jobs/textSampling.ts';
import * as nn from '../../src/nn/layers.ts';
import { inferShapes, type LayerSpec, parseModel } from '../../src/nn/modelSpec.ts';
import { drawSymbol } from '../../src/train/drawSymbol.ts';

describe('a symbol is drawn', () => {
  const logits = Float32Array.from([0, Math.log(2), Math.log(5), -200]);
  const DRAWS = 20_000;
  const shares = (temperature: number): number[] => {
    const counts = [0, 0, 0, 0];
    for (let place = 0; place < DRAWS; place++)
      counts[drawSymbol(logits, temperature, { seed: 3, step: 7, place })]!++;
    return counts.map((count) => count / DRAWS);
  };

  test.each([
    [1, [1, 2, 5]],
    [0.5, [1, 4, 25]],
  ])('with the probabilities of its logits at temperature %d', (temperature, weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const found = shares(temperature);
    for (const [i, weight] of weights.entries()) {
      const p = weight / total;
      // Four standard errors of a share.
      expect(Math.abs(found[i]! - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / DRAWS));
    }
    expect(found[3]).toBe(0);
  });

  test('the same of the same seed, step and place, and of large logits', () => {
    const at = { seed: 1, step: 2, place: 3 };
    expect(drawSymbol(logits, 1, at)).toBe(drawSymbol(logits, 1, at));
    expect(drawSymbol(Float32Array.from([1e30, -1e30, 0]), 1, at)).toBe(0);
  });
});

test('symbols are shown and read as bytes, letters or numbers', () => {
  expect(symbolText([67, 97, 195, 188], 256)).toBe('Caü');
  // A character of several bytes that is cut.
  expect(symbolText([97, 195], 256)).toBe('a\ufffd');
  expect(symbolText([0, 2, 25], 26)).toBe('acz');
  expect(symbolText([0, 27], 28)).toBe('0 27');
  for (const [text, of] of [
    ['Caü\n', 256],
    ['abz', 26],
    ['0 27 3', 28],
  ] as const)
    expect(symbolText(textSymbols('f', 'i', text, of), of)).toBe(text);
  expect(textSymbols('f', 'i', undefined, 256)).toEqual([10]);
  expect(textSymbols('f', 'i', undefined, 16)).toEqual([0]);
  expect(() => textSymbols('train.json', 'sample.prompt', 'abq', 16)).toThrow(
    'train.json: sample.prompt: has “q”, expected letters from a to p',
  );
  expect(() => textSymbols('f', 'i', '1 2.5', 30)).toThrow('has “2.5”, expected numbers below 30');
});

const TEXT = textDataset('a.txt', new TextEncoder().encode('so it goes, '.repeat(40)), 8);
const DIGITS = syntheticDataset('gaussian-clusters?examples=20&dims=8&classes=3');
const SAMPLE = { length: 5, temperature: 1 };

test('a Transformer in short form fits the text that it is for, and is refused for other data', () => {
  const given = { transformer: { layers: 2, width: 12, heads: 3, dropout: 0 } };
  const { model } = modelOfShortForm(given, TEXT, []);
  expect(model.layers.map(({ type }) => type)).toEqual([
    'Embedding',
    'LearnedPositions',
    'TransformerEncoderLayer',
    'TransformerEncoderLayer',
    'LayerNorm',
    'Linear',
  ]);
  expect(model.layers[2]).toMatchObject({ d_model: 12, nhead: 3, dim_feedforward: 48, causal: true });
  expect(inferShapes(model, [8]).at(-1)).toEqual([8, 256]);
  expect(() => modelOfShortForm(given, DIGITS, [])).toThrow(
    /model\.transformer: is for sequences of symbols/,
  );
  const uneven = { transformer: { ...given.transformer, heads: 5 } };
  expect(() => modelOfShortForm(uneven, TEXT, [])).toThrow(
    /has a width of 12, expected a multiple of its 5 heads/,
  );
  expect(() => modelOfShortForm({ hidden: [4], activation: 'ReLU' }, TEXT, [])).toThrow(
    /model: is a perceptron, and a\.txt holds sequences of symbols; expected \{"transformer"/,
  );
});

describe('a text is drawn', () => {
  const sampling = (layers: LayerSpec[], prompt?: string) => {
    const model = parseModel('model', { layers, loss: 'cross_entropy' });
    const shapes = inferShapes(model, [8]);
    return textSampling({ ...SAMPLE, prompt }, model, TEXT, shapes.at(-1)!);
  };
  const layer = (causal: boolean) => nn.transformerEncoderLayer(4, 2, { feedforward: 6, causal });

  test('of a causal model of symbols, from a prompt or a line break', () => {
    const layers = [nn.embedding(256, 4), layer(true), nn.linear(4, 256)];
    expect(sampling(layers)).toEqual({ ...SAMPLE, prompt: [10], context: 8, outputs: 256, symbols: 256 });
    expect(sampling(layers, 'ab').prompt).toEqual([97, 98]);
  });

  test('of nothing else', () => {
    expect(() => sampling([nn.embedding(256, 4), layer(false), nn.linear(4, 256)])).toThrow(
      /sample: wants a causal model, and layer 1 sees what comes later: set its "causal"/,
    );
    expect(() => sampling([nn.embedding(128, 4), layer(true), nn.linear(4, 256)])).toThrow(
      /sample: draws one of 256 symbols, and the Embedding has 128 rows to go on with/,
    );
    expect(() => sampling([nn.embedding(128, 4), layer(true), nn.linear(4, 100)], 'ü')).toThrow(
      /sample\.prompt: has symbol 195, expected less than the Embedding's 128 rows/,
    );
    const model = parseModel('model', { layers: [nn.linear(8, 3)], loss: 'cross_entropy' });
    expect(() => textSampling(SAMPLE, model, DIGITS, [3])).toThrow(
      /sample: wants a model of sequences of symbols, with logits at each position; of gaussian-clusters/,
    );
  });
});
