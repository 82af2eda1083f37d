// Bundles each adapter on its own: dist/page/ for a browser, dist/node/ for Node.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url);
const { dependencies } = JSON.parse(readFileSync(new URL('package.json', here), 'utf8'));
const common = {
  absWorkingDir: fileURLToPath(here),
  entryPoints: readdirSync(new URL('adapters/', here)).map((file) => `adapters/${file}`),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'error',
  define: { __VERSIONS__: JSON.stringify(dependencies) },
};

rmSync(new URL('dist/', here), { recursive: true, force: true });
await build({ ...common, platform: 'browser', minify: true, outdir: 'dist/page' });
await build({
  ...common,
  platform: 'node',
  // A library that has a build for browsers shall run that one here too.
  mainFields: ['module', 'browser', 'main'],
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  outdir: 'dist/node',
  outExtension: { '.js': '.mjs' },
});
