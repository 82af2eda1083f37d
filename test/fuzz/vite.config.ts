import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { wgslPlugin } from '../../src/build/wgslPlugin.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** `npm run build:fuzz`: the fuzz as one file that Node runs with nothing beside it but the package `webgpu`. */
export default defineConfig({
  root,
  publicDir: false,
  plugins: [wgslPlugin()],
  ssr: { noExternal: true, external: ['webgpu', 'playwright-core'] },
  build: {
    ssr: `${root}test/fuzz/main.ts`,
    outDir: `${root}.fuzz`,
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rollupOptions: {
      external: ['webgpu', 'playwright-core'],
      output: { inlineDynamicImports: true, entryFileNames: 'fuzz.js' },
    },
  },
});
