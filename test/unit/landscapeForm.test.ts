import { expect, test } from 'vitest';
import type { GivenWeights } from '../../src/web/landscape/givenFiles.ts';
import { describeJob, type Field, initialValue } from '../../src/web/landscape/kinds.ts';

const given: readonly GivenWeights[] = [
  { label: 'a.safetensors', file: 'a.safetensors' },
  { label: 'b.safetensors', file: 'b.safetensors' },
  { label: 'c.safetensors', file: 'c.safetensors' },
  { label: 'a.safetensors: swa', file: 'a.safetensors', prefix: 'swa.' },
  { label: 'b.safetensors: swa', file: 'b.safetensors', prefix: 'swa.' },
  { label: 'b.safetensors: ema', file: 'b.safetensors', prefix: 'ema.' },
];

test('a plane of the page marks all other weights, those of one prefix in two files by both names', () => {
  const chosen: Record<string, string> = {
    'through 1': 'a.safetensors',
    'through 2': 'b.safetensors',
    'through 3': 'c.safetensors',
    mark: 'on',
  };
  const textOf = (field: Field): string => chosen[field.key] ?? initialValue(field);
  const files = { model: 'model.json', data: 'mnist', test: '' };
  expect(describeJob('plane', files, textOf, given).spec).toMatchObject({
    job: 'landscape',
    kind: 'plane',
    through: ['a.safetensors', 'b.safetensors', 'c.safetensors'],
    mark: {
      'a.safetensors: swa': { weights: 'a.safetensors', prefix: 'swa.' },
      'b.safetensors: swa': { weights: 'b.safetensors', prefix: 'swa.' },
      ema: { weights: 'b.safetensors', prefix: 'ema.' },
    },
  });
});
