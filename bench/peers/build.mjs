// Bundles each adapter on its own: dist/page/<name>/ for a browser, dist/node/ for Node.
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url);
const { dependencies } = JSON.parse(readFileSync(new URL('package.json', here), 'utf8'));
const common = {
  absWorkingDir: fileURLToPath(here),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'error',
  define: { __VERSIONS__: JSON.stringify(dependencies) },
};
/** What ONNX Runtime looks for beside itself. */
const WASM = 'ort-wasm-simd-threaded.asyncify';
const names = readdirSync(new URL('adapters/', here)).map((file) => file.replace(/\.js$/, ''));

rmSync(new URL('dist/', here), { recursive: true, force: true });
for (const name of names) {
  await build({
    ...common,
    entryPoints: { index: `adapters/${name}.js` },
    platform: 'browser',
    // Parts that a library loads when it wants them are files of their own, as in any page.
    splitting: true,
    minify: true,
    conditions: ['onnxruntime-web-use-extern-wasm'],
    outdir: `dist/page/${name}`,
  });
  await build({
    ...common,
    entryPoints: [`adapters/${name}.js`],
    platform: 'node',
    // A library that has a build for browsers shall run that one here too.
    mainFields: ['module', 'browser', 'main'],
    external: ['onnxruntime-web/webgpu'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    outfile: `dist/node/${name}.mjs`,
  });
}
for (const ending of ['mjs', 'wasm']) {
  const file = `${WASM}.${ending}`;
  const from = new URL(`node_modules/onnxruntime-web/dist/${file}`, here);
  copyFileSync(from, new URL(`dist/page/onnxruntime/${file}`, here));
}
