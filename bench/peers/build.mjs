// Bundles each adapter, and each program of task/, on its own: dist/page/<name>/ for a browser, dist/node/ for Node.
// `node build.mjs --own` only Basin's program, which needs no package from here.
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url);
const readJson = (file) => JSON.parse(readFileSync(new URL(file, here), 'utf8'));
const { dependencies } = readJson('package.json');
const own = process.argv.includes('--own');

/** What a bundler finds for `import 'basin'` and its other entries: files of this checkout's build. */
function libraryEntries() {
  const { name, exports } = readJson('../../package.json');
  return Object.fromEntries(
    Object.entries(exports).flatMap(([key, entry]) => {
      const file = typeof entry === 'string' ? entry : (entry.import ?? entry.default);
      return file.endsWith('.js')
        ? [[`${name}${key.slice(1)}`, fileURLToPath(new URL(`../../${file}`, here))]]
        : [];
    }),
  );
}

const common = {
  absWorkingDir: fileURLToPath(here),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'error',
  define: { __VERSIONS__: JSON.stringify(dependencies) },
  alias: libraryEntries(),
};
/** What ONNX Runtime looks for beside itself. */
const WASM = 'ort-wasm-simd-threaded.asyncify';
const filesOf = (folder) =>
  readdirSync(new URL(`${folder}/`, here)).map((file) => ({
    file: `${folder}/${file}`,
    name: `${folder === 'task' ? 'task-' : ''}${file.replace(/\.js$/, '')}`,
  }));
const programs = own
  ? [{ file: 'task/basin.js', name: 'task-basin' }]
  : ['adapters', 'task'].flatMap(filesOf);

rmSync(new URL('dist/', here), { recursive: true, force: true });
for (const { file, name } of programs) {
  await build({
    ...common,
    entryPoints: { index: file },
    platform: 'browser',
    // Parts that a library loads when it wants them are files of their own, as in any page.
    splitting: true,
    minify: true,
    conditions: ['onnxruntime-web-use-extern-wasm'],
    outdir: `dist/page/${name}`,
  });
  await build({
    ...common,
    entryPoints: [file],
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
for (const ending of own ? [] : ['mjs', 'wasm']) {
  const file = `${WASM}.${ending}`;
  const from = new URL(`node_modules/onnxruntime-web/dist/${file}`, here);
  copyFileSync(from, new URL(`dist/page/onnxruntime/${file}`, here));
}
