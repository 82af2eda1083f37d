// What a library weighs once it is installed, and how long Node takes from its start until the library is imported.
//
//   npm run build && node bench/installed.mjs [--out installed.json] [--rounds 15] basin basin/engine @jax-js/jax@0.1.9 …
//
// `basin` is this checkout, packed; others come from the registry. Each is installed in an empty folder of its own with what it
// depends on, optional peers left out. A sample is a process of its own; samples are taken in rounds over all, forwards and
// backwards in turns, and beside them that of a process that imports nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, rounds: { type: 'string', default: '15' } },
});

const npm = (cwd, ...args) =>
  execFileSync('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund'], { cwd, encoding: 'utf8' });

/** Bytes of a folder's files. */
function weight(folder) {
  return readdirSync(folder, { recursive: true })
    .map((path) => lstatSync(join(folder, path)))
    .filter((stat) => stat.isFile())
    .reduce(({ bytes, files }, { size }) => ({ bytes: bytes + size, files: files + 1 }), {
      bytes: 0,
      files: 0,
    });
}

/** Packages in a node_modules folder, by `name@version`. */
function packagesIn(modules) {
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((of) => `${name}/${of}`) : name,
    )
    .map(
      (name) => `${name}@${JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version}`,
    );
}

/** Milliseconds of a process from its start to its end, and those in which it computed. */
function timeProcess(cwd, imported) {
  const code = `${imported}; const { user, system } = process.cpuUsage(); console.log((user + system) / 1000); process.exit()`;
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return { wall: performance.now() - start, cpu: Number(stdout) };
}

function spread(samples, which) {
  const sorted = samples.map((sample) => sample[which]).sort((a, b) => a - b);
  const at = (share) => Number(sorted[Math.round(share * (sorted.length - 1))].toFixed(1));
  return { median: at(0.5), least: at(0), largest: at(1) };
}

const times = (samples) => ({ wall: spread(samples, 'wall'), cpu: spread(samples, 'cpu') });

const temporary = mkdtempSync(join(tmpdir(), 'installed-'));
try {
  const [{ filename, size }] = JSON.parse(npm(ROOT, 'pack', '--json', '--pack-destination', temporary));
  const libraries = positionals.length > 0 ? positionals : ['basin'];
  const rows = libraries.map((asked, i) => {
    const [, name, entry = '', version = ''] = /^((?:@[^/@]+\/)?[^/@]+)(\/[^@]+)?(@.*)?$/.exec(asked);
    const cwd = join(temporary, String(i));
    const from = name === 'basin' ? join(temporary, filename) : `${name}${version}`;
    npm(temporary, 'install', '--prefix', cwd, from);
    const modules = join(cwd, 'node_modules');
    const installed = { ...weight(modules), packages: packagesIn(modules) };
    return {
      name: `${name}${entry}`,
      tarballBytes: name === 'basin' ? size : undefined,
      installed,
      cwd,
      samples: [],
    };
  });
  const bare = { cwd: temporary, samples: [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    const order = [bare, ...rows];
    for (const row of round % 2 ? order.reverse() : order) {
      row.samples.push(timeProcess(row.cwd, row.name ? `await import('${row.name}')` : ''));
    }
  }
  const report = {
    format: 'basin-installed/1',
    date: new Date().toISOString(),
    node: process.version,
    cpu: `${cpus().length} × ${cpus()[0].model}`,
    rounds: Number(values.rounds),
    unit: 'ms: wall from the start of the process to its end after the import, cpu of its threads',
    nothing: times(bare.samples),
    libraries: rows.map(({ cwd, samples, ...row }) => ({ ...row, imported: times(samples) })),
  };
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (values.out) writeFileSync(values.out, text);
  else process.stdout.write(text);
} finally {
  rmSync(temporary, { recursive: true });
}
