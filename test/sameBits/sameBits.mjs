// Shows that a change of the code changes no number: trains and measures with a build of an earlier commit and with
// one of the working tree, both under Node on a software adapter, and compares what they leave.
//
//   node test/sameBits/sameBits.mjs [commit]        default: where this branch left main
//   node test/sameBits/sameBits.mjs --built <dist>  what an earlier build left, instead of building a commit
//   … --only <text>                                 those configurations whose name holds the text
//
// Losses, weights and what is measured in training: bit for bit. What `measure` gives: to TOLERANCE, and the table
// says how much of it is the same bits. Exit code 1 at a difference.
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compare } from './compare.mjs';
import { MEASURE, TRAIN } from './configurations.mjs';
import { writeInputs } from './inputs.mjs';
import { readTensors } from './tensors.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/**
 * Of the largest number of a key: sums of float32 in another order, and differences of such sums (|ḡ|² − tr Σ/N),
 * which lose some of their digits.
 */
const TOLERANCE = 1e-4;

const { values: options, positionals } = parseArgs({
  options: { built: { type: 'string' }, only: { type: 'string', default: '' } },
  allowPositionals: true,
});

const folder = mkdtempSync(join(tmpdir(), 'basin-same-bits-'));
try {
  process.exitCode = (await main()) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}

async function main() {
  const after = join(build(ROOT), 'cli.js');
  if (options.built) return compareBuilds(join(resolve(options.built), 'cli.js'), after);
  const commit = positionals[0] ?? git('merge-base', 'HEAD', 'main');
  const tree = join(folder, 'tree');
  git('worktree', 'add', '--detach', tree, commit);
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
    return await compareBuilds(join(build(tree), 'cli.js'), after);
  } finally {
    git('worktree', 'remove', '--force', tree);
  }
}

/** Runs every configuration by both command lines, and prints a table. Whether all agree. */
async function compareBuilds(before, after) {
  console.log(`before: ${dirname(before)}\nafter:  ${dirname(after)}\n`);
  const inputs = join(folder, 'inputs');
  writeInputs(inputs);
  let same = true;
  const both = async (name, args, tolerance) => {
    const began = performance.now();
    const [expected, found] = await Promise.allSettled([
      run(before, args, inputs, join(folder, 'before', fileName(name))),
      run(after, args, inputs, join(folder, 'after', fileName(name))),
    ]);
    if (expected.status === 'rejected') throw expected.reason;
    const outcome =
      found.status === 'rejected'
        ? { keys: 0, same: 0, differences: [found.reason.message], deviations: [], told: [] }
        : compare(expected.value, found.value, tolerance);
    same &&= outcome.differences.length === 0;
    printRow(name, outcome, performance.now() - began);
  };

  for (const [name, job] of Object.entries(TRAIN)) {
    if (!name.includes(options.only) && !isPoint(name)) continue;
    const file = join(inputs, `${fileName(name)}.json`);
    writeFileSync(file, JSON.stringify(job));
    await both(name, ['train', file], 0);
  }
  for (const [name, { at, args }] of Object.entries(MEASURE)) {
    if (!name.includes(options.only)) continue;
    const weights = join(folder, 'before', fileName(at), 'tensors.safetensors');
    await both(name, ['measure', ...args, '--weights', weights], TOLERANCE);
  }
  return same;
}

function printRow(name, { keys, same, differences, deviations, told }, ms) {
  const verdict =
    differences.length > 0 ? 'DIFFERS' : deviations.length > 0 ? 'within tolerance' : 'same bits';
  const columns = [name.padEnd(42), verdict.padEnd(17), `${same} of ${keys} keys bit for bit`.padEnd(32)];
  console.log(`${columns.join('')}${(ms / 1000).toFixed(1).padStart(6)} s`);
  for (const { key, relative } of deviations) console.log(`    ${key}: off by ${relative.toExponential(1)}`);
  for (const difference of differences) console.log(`    DIFFERS: ${difference}`);
  for (const line of told) console.log(`    ${line}`);
}

/** Whether a training run leads to a point that is measured. */
function isPoint(name) {
  return Object.entries(MEASURE).some(([measured, { at }]) => at === name && measured.includes(options.only));
}

/** Runs a job, and reads what it left in `out`. */
function run(cli, args, inputs, out) {
  mkdirSync(out, { recursive: true });
  const [result, tensors] = [join(out, 'result.json'), join(out, 'tensors.safetensors')];
  const child = spawn(
    process.execPath,
    [cli, ...args, '--runtime', 'node', '--out', result, '--tensors', tensors],
    {
      cwd: inputs,
      // What this machine's user has tuned is another choice of kernels.
      env: { ...process.env, BASIN_KERNELS: join(folder, 'no kernels.json') },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((done, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      if (!existsSync(result)) {
        reject(new Error(`${cli} ${args.join(' ')}: exit code ${exitCode}\n${stderr}`));
        return;
      }
      done({
        exitCode,
        result: JSON.parse(readFileSync(result, 'utf8')),
        tensors: existsSync(tensors) ? readTensors(tensors) : new Map(),
      });
    });
  });
}

/** Builds `dist/` of a checkout where it is stale; its path. */
function build(tree) {
  execFileSync(process.execPath, [join(tree, 'src/cli/launch.mjs'), '--help'], {
    cwd: tree,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return join(tree, 'dist');
}

function git(...args) {
  return execFileSync('git', args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

function fileName(name) {
  return name.replace(/[^\w]+/g, '-');
}
