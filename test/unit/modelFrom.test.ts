import { expect, test } from 'vitest';
import { linear, relu, sequential } from '../../src/nn/layers.ts';
import { modelFrom } from '../../src/nn/modelFrom.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';

const layers = sequential(linear(5, 3), relu());

test('layers, with a loss beside them or without, and what a model.json holds are one model', () => {
  const expected = parseModel('m', { layers, loss: 'cross_entropy' });
  expect(modelFrom('m', layers)).toEqual(expected);
  expect(modelFrom('m', layers, 'cross_entropy')).toEqual(expected);
  expect(modelFrom('m', { layers, loss: 'cross_entropy' })).toEqual(expected);
  expect(modelFrom('m', { layers, loss: 'cross_entropy' }, 'cross_entropy')).toEqual(expected);
  expect(modelFrom('m', layers, 'mse').loss).toBe('mse');
});

test('what is no model is refused by name', () => {
  const from = (given: unknown, loss?: 'mse') => () => modelFrom('train', given as typeof layers, loss);
  expect(from({ layers, loss: 'cross_entropy' }, 'mse')).toThrow(
    'train: loss: is "cross_entropy" in the model and "mse" beside it, expected in one of the two',
  );
  expect(from({ layers })).toThrow('train: loss: found nothing, expected "cross_entropy" or "mse"');
  expect(from(undefined)).toThrow('train: model: found nothing');
  expect(from([{ type: 'Lineal' }])).toThrow('train: layer 0 (Lineal): unknown layer "Lineal"');
  expect(from([relu()])).toThrow('train: layers: none of them has parameters');
});
