import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { engineSize } from '../../src/build/engineSize.ts';
import { wgslPlugin } from '../../src/build/wgslPlugin.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

// Of these 2.7 kB are the ops of sequences and 2.8 kB those of attention, with the bindings of its 12 kernels, which every page has that may
// trace one: 60 before them.
test('the engine is at most 66 kB, and the text of a family of kernels is apart from it', async () => {
  const { entry, kernels } = await engineSize(
    {
      configFile: false,
      root,
      mode: 'production',
      define: { __BASIN_VERSION__: '"test"', __BASIN_COMMIT__: 'null' },
      logLevel: 'silent',
      publicDir: false,
      plugins: [wgslPlugin()],
    },
    join(root, 'src'),
  );
  expect(entry).toBeLessThan(66_000);
  expect(Object.keys(kernels)).toEqual(expect.arrayContaining(['matmul', 'conv', 'reduce', 'training']));
  // Of no family so much that a page would wait for what it does not run.
  for (const [family, bytes] of Object.entries(kernels)) expect(bytes, family).toBeLessThan(12_000);
}, 120_000);
