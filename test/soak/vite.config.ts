import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { quiet } from '../../src/build/quiet.ts';
import { wgslPlugin } from '../../src/build/wgslPlugin.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** `npm run soak`: the soak as one file that Node runs, as test/fuzz/vite.config.ts has it for the fuzz. */
export default defineConfig({
  root,
  publicDir: false,
  plugins: [wgslPlugin()],
  define: { __BASIN_VERSION__: '"soak"', __BASIN_COMMIT__: 'null', __BASIN_CHANGED__: 'false' },
  ssr: { noExternal: true, external: ['webgpu', 'playwright-core'] },
  build: {
    ssr: `${root}test/soak/main.ts`,
    outDir: `${root}.soak`,
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rollupOptions: {
      external: ['webgpu', 'playwright-core'],
      onwarn: quiet,
      output: { inlineDynamicImports: true, entryFileNames: 'soak.js' },
    },
  },
});
