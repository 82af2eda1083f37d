import { expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { readPointInput } from '../../src/jobs/readPointInput.ts';

test('a model without parameters is refused before its weights are read, for sharpness as for measure', async () => {
  const model = JSON.stringify({ layers: [{ type: 'ReLU' }], loss: 'mse' });
  const host = {
    read: async (path: string) => {
      if (path !== 'model.json') throw new Error(`${path} was read`);
      return new TextEncoder().encode(model);
    },
  };
  const files = { model: 'model.json', weights: 'w', data: 'quadratic', eval: false };
  const read = readPointInput({} as Gpu, files, host, { evalMode: '--eval', ghostBatch: null });
  await expect(read).rejects.toThrow(
    'model.json: layers: none of them has parameters, so there is nothing to train or to measure',
  );
});
