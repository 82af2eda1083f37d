import { expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import type { JobHost } from '../../src/jobs/jobEvent.ts';
import { WORDS } from '../../src/jobs/measure/warnings.ts';
import { readPointInput } from '../../src/jobs/readPointInput.ts';

test('a model without parameters is refused before its data and weights are read', async () => {
  const model = new TextEncoder().encode(JSON.stringify({ layers: [{ type: 'ReLU' }], loss: 'mse' }));
  const host = {
    read: (path: string) =>
      path === 'm.json' ? Promise.resolve(model) : Promise.reject(new Error(`read ${path}`)),
  } as unknown as JobHost;
  const files = { model: 'm.json', weights: 'w.safetensors', data: 'd.safetensors', eval: false };
  await expect(readPointInput({} as Gpu, files, host, WORDS)).rejects.toThrow(
    'm.json: layers: none of them has parameters, expected at least one that has',
  );
});
