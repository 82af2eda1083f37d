// What a library costs before it computes: what npm installs of it into an empty folder, how long Node takes to import it, and what a
// page transfers that takes one gradient.
//   npm pack                                            (in the checkout, after the build)
//   node bench/peers/install.mjs basin-0.1.0.tgz [--rounds 15] [--out bench/results/install.json]
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, runnerImport } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = resolve(here, '../..');
const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' }, out: { type: 'string' } },
});
if (positionals.length !== 1 || !existsSync(positionals[0])) {
  fail(
    `found ${positionals.join(' ') || 'nothing'}, expected the path of Basin's tarball, as npm pack makes it`,
  );
}
const rounds = Number(options.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1)
  fail(`--rounds ${options.rounds}: expected a whole number of at least 1`);

const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const pinned = (name) => `${name}@${dependencies[name]}`;
/** What a user installs, and imports in Node. */
const LIBRARIES = [
  { key: 'basin', name: 'Basin', packages: [resolve(positionals[0])], imports: ['basin', 'basin/node'] },
  { key: 'jaxJs', name: 'jax-js', packages: [pinned('@jax-js/jax')], imports: ['@jax-js/jax'] },
  {
    key: 'tfjs',
    name: 'TensorFlow.js',
    packages: [pinned('@tensorflow/tfjs-core'), pinned('@tensorflow/tfjs-backend-webgpu')],
    imports: ['@tensorflow/tfjs-core'],
  },
];

const scratch = mkdtempSync(join(tmpdir(), 'basin-install-'));
try {
  const report = {
    bench: 'install',
    date: new Date().toISOString(),
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load: loadavg()[0],
    node: process.versions.node,
    rounds,
    libraries: LIBRARIES.map(install),
  };
  timeImports(report.libraries);
  await loadPages(report);
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (options.out !== undefined) writeFileSync(options.out, text);
  print(report);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Into a folder of its own, without install scripts. */
function install({ key, name, packages, imports }) {
  note(`installing ${name}`);
  const folder = join(scratch, key);
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: `uses-${key.toLowerCase()}`, type: 'module' }),
  );
  npm(folder, 'install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages);
  const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
  const packed = JSON.parse(npm(folder, 'pack', '--dry-run', '--ignore-scripts', '--json', ...packages));
  const installed = packages.map((spec) => spec.replace(/(?<=.)@[^@/]*$/, ''));
  return {
    key,
    name,
    packages: packages.map((spec, i) =>
      spec.endsWith('.tgz') ? `${packed[i].name}@${packed[i].version}` : spec,
    ),
    tarballBytes: packages.reduce((sum, spec, i) => {
      return sum + (spec.endsWith('.tgz') ? statSync(installed[i]).size : packed[i].size);
    }, 0),
    installedPackages: Object.keys(lock.packages).length,
    installedBytes: bytesIn(join(folder, 'node_modules')),
    imports: Object.fromEntries(imports.map((specifier) => [specifier, { samples: [] }])),
  };
}

/** Milliseconds from the start of a process until an import is done; the same without an import beside it. */
function timeImports(libraries) {
  const runs = libraries.flatMap(({ key, imports }) =>
    Object.entries(imports).flatMap(([specifier, result]) => {
      result.bareSamples = [];
      return [
        {
          folder: join(scratch, key),
          code: `await import(${JSON.stringify(specifier)});`,
          samples: result.samples,
          result,
        },
        { folder: join(scratch, key), code: '', samples: result.bareSamples, result },
      ];
    }),
  );
  for (let round = -1; round < rounds; round++) {
    note(`importing: round ${round + 1} of ${rounds}`);
    for (const { folder, code, samples, result } of round % 2 ? runs : runs.toReversed()) {
      if (result.failed) continue;
      const program = `${code} process.stdout.write(\`\${performance.now()}\\n\`); process.exit();`;
      try {
        const said = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
          cwd: folder,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        // The round before the first one brings the files into the system's cache.
        if (round >= 0) samples.push(Number(said.trim().split('\n').at(-1)));
      } catch (error) {
        result.failed =
          String(error.stderr)
            .split('\n')
            .find((line) => /error/i.test(line)) ?? error.message;
      }
    }
  }
  for (const { imports } of libraries) {
    for (const result of Object.values(imports)) {
      if (result.failed) continue;
      result.milliseconds = spread(result.samples);
      result.bareMilliseconds = spread(result.bareSamples);
    }
  }
}

/** A page of each library, as Vite builds it, that opens a device and takes a gradient; what it transfers until then. */
async function loadPages(report) {
  const { module } = await runnerImport(join(root, 'src/cli/launchChromium.ts'));
  const { browser, close } = await module.launchChromium('pages are loaded in it');
  try {
    report.browser = `Chromium ${browser.version()}`;
    for (const library of report.libraries) {
      note(`building and loading a page with ${library.name}`);
      library.page = await loadPage(library.key, browser);
    }
  } finally {
    await close();
  }
}

async function loadPage(key, browser) {
  const folder = join(scratch, key);
  writeFileSync(join(folder, 'gradient.js'), readFileSync(join(here, 'gradient', `${key}.js`)));
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><link rel="icon" href="data:,"><script type="module" src="./main.js"></script>',
  );
  writeFileSync(
    join(folder, 'main.js'),
    "import { gradient } from './gradient.js';\nglobalThis.gradient = gradient;\n",
  );
  await build({ root: folder, configFile: false, base: './', logLevel: 'error' });
  const files = new Map();
  const server = await serve(join(folder, 'dist'), files);
  const page = await browser.newPage();
  try {
    await page.goto(server.origin);
    await page.waitForFunction('globalThis.gradient');
    const problem = gradientProblem();
    const found = await page.evaluate(
      async ({ x, w, shape }) =>
        Array.from(await globalThis.gradient({ x: Float32Array.from(x), w: Float32Array.from(w), shape })),
      { x: Array.from(problem.x), w: Array.from(problem.w), shape: problem.shape },
    );
    const error = relativeError(found, problem.gradient);
    // Sums of 64 and 32 terms, and a product: 8·u·(√64 + √32), u = 2⁻²⁴.
    if (!(error <= 8 * 2 ** -24 * (8 + Math.sqrt(32))))
      throw new Error(`${key}: a wrong gradient, relative error ${error}`);
    const total = (of) => [...files.values()].reduce((sum, file) => sum + file[of], 0);
    return { requests: files.size, bytes: total('bytes'), gzipBytes: total('gzip'), error };
  } finally {
    await page.close();
    server.close();
  }
}

/** mean(relu(x·Wᵀ)²) and its gradient in W, in float64. */
function gradientProblem() {
  const shape = [32, 64, 16];
  const [batch, inputs, outputs] = shape;
  const x = Float32Array.from({ length: batch * inputs }, (_, i) => Math.sin(i + 1));
  const w = Float32Array.from({ length: outputs * inputs }, (_, i) => Math.cos(3 * i));
  const gradient = new Float64Array(w.length);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      let z = 0;
      for (let k = 0; k < inputs; k++) z += x[n * inputs + k] * w[o * inputs + k];
      const slope = (2 * Math.max(z, 0)) / (batch * outputs);
      for (let k = 0; k < inputs; k++) gradient[o * inputs + k] += slope * x[n * inputs + k];
    }
  }
  return { shape, x, w, gradient };
}

/** ‖found − wanted‖∞ / ‖wanted‖∞ */
function relativeError(found, wanted) {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = wanted.reduce((most, value, i) => Math.max(most, Math.abs(found[i] - value)), 0);
  return worst / largest;
}

/** Serves a folder on a free port of 127.0.0.1, gzipped, and notes each file that is asked for. */
async function serve(folder, files) {
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname.replace(/\/$/, '/index.html');
    const file = join(folder, path);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const data = readFileSync(file);
    const zipped = gzipSync(data, { level: 9 });
    files.set(path, { bytes: data.length, gzip: zipped.length });
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-encoding': 'gzip',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(zipped);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    origin: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function print({ libraries, node, browser, rounds: taken }) {
  const kilobytes = (bytes) => (bytes / 1000).toFixed(0);
  const time = ({ median, min, max }) => `${median.toFixed(0)} (${min.toFixed(0)}..${max.toFixed(0)})`;
  console.log(
    `Node ${node}, ${browser}; import: milliseconds from the start of the process, median of ${taken}; bare: without an import`,
  );
  for (const { name, tarballBytes, installedPackages, installedBytes, imports, page } of libraries) {
    console.log(
      `${name}: tarball ${kilobytes(tarballBytes)} kB; installed ${kilobytes(installedBytes)} kB in ${installedPackages} packages; ` +
        `page ${kilobytes(page.gzipBytes)} kB gzipped (${kilobytes(page.bytes)} kB) in ${page.requests} requests`,
    );
    for (const [specifier, { failed, milliseconds, bareMilliseconds }] of Object.entries(imports)) {
      const found = failed ?? `${time(milliseconds)}, bare ${time(bareMilliseconds)}`;
      console.log(`  import '${specifier}': ${found}`);
    }
  }
}

function spread(samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** Of the files in a folder. */
function bytesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

function npm(cwd, ...args) {
  const file = process.env.npm_execpath;
  const [program, ...first] = file?.endsWith('.js') ? [process.execPath, file] : ['npm'];
  return execFileSync(program, [...first, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function note(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  process.stderr.write(`install.mjs: ${text}\n`);
  process.exit(2);
}
