import { expect, test } from 'vitest';
import { arrangeExamples } from '../../src/data/arrangeExamples.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { selectExamples } from '../../src/data/selectExamples.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { testGpu } from './device.ts';
import { randomValues } from './trace.ts';
import { watchBuffers } from './watchBuffers.ts';

const N = 23;
/** Alone, in stretches, over again, and backwards. */
const ORDER = [4, 5, 6, 22, 0, 1, 6, 3, 2, 21, 22];

const SETS: Record<string, Pick<Dataset, 'x' | 'targets'>> = {
  'bytes in rows that are no whole words, and labels': {
    x: Uint8Array.from({ length: N * 7 }, (_, i) => (i * 37) % 256),
    targets: { kind: 'classes', labels: Uint32Array.from({ length: N }, (_, n) => (n * n) % 5), classes: 5 },
  },
  'floats, and values': {
    x: randomValues(N * 7, 1),
    targets: { kind: 'values', y: randomValues(N * 3, 2), width: 3 },
  },
};

for (const [name, set] of Object.entries(SETS)) {
  test(`examples arranged on the device are those selected on the host: ${name}`, async () => {
    const gpu = await testGpu();
    const data: Dataset = { name: 'd', exampleShape: [7], examples: N, ...set };
    const whole = uploadExamples(gpu, data);
    const expected = uploadExamples(gpu, selectExamples(data, ORDER));
    const watch = watchBuffers(gpu);
    const found = arrangeExamples(gpu, whole, ORDER);
    for (const key of ['elements', 'exampleShape', 'examples'] as const)
      expect(found[key]).toEqual(expected[key]);
    for (const key of ['data', 'targets'] as const) {
      expect(found[key].shape).toEqual(expected[key].shape);
      expect(await found[key].readU32()).toEqual(await expected[key].readU32());
    }
    found.dispose();
    expect(watch.held()).toBe(0);
    watch.stop();
    whole.dispose();
    expected.dispose();
  });
}
