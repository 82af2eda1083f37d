// Runs the command line from a checkout: builds dist/ where it is stale, then runs dist/cli.js in this process, so
// that exit code and signals are its own. Standard output belongs to the command: the build writes to standard error.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BuildLock } from './buildLock.mjs';
import { fingerprint, isBuiltOf, writeStamp } from './distStamp.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DIST = join(ROOT, 'dist');
const CLI = join(DIST, 'cli.js');
const CACHE = join(ROOT, '.cache');
/** Where builds are made, before they take the place of dist/: the folder of a process begins so. */
const BUILDS = 'build-';

function isFresh() {
  return existsSync(CLI) && isBuiltOf(DIST, ROOT);
}

/** Whether something in .cache/ was left behind by a build that was killed. */
function isLeft(name) {
  const pid = /^(?:build|api|types)-(\d+)(?:\.json)?$/.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Builds in a folder of this process's own, which then takes the place of dist/: no one ever sees half of it. */
async function build() {
  if (!existsSync(join(ROOT, 'node_modules', 'vite'))) fail('node_modules is missing: run `npm ci` first');
  for (const name of readdirSync(CACHE)) {
    if (isLeft(name)) rmSync(join(CACHE, name), { recursive: true, force: true });
  }
  const folder = join(CACHE, `${BUILDS}${process.pid}`);
  const before = fingerprint(ROOT);
  const why = existsSync(CLI) ? 'the sources have changed' : 'there is none yet';
  process.stderr.write(`building dist/ (${why}); this takes about a minute …\n`);
  const status = await npmBuild(join(folder, 'dist'));
  if (status !== 0) fail('the build failed');
  if (!existsSync(join(folder, 'dist', 'cli.js'))) fail('the build left no dist/cli.js');
  writeStamp(join(folder, 'dist'), before);
  if (existsSync(DIST)) renameSync(DIST, join(folder, 'before'));
  renameSync(join(folder, 'dist'), DIST);
  rmSync(folder, { recursive: true, force: true });
}

/** Runs the build with its children in a group of their own, which a signal to this process ends. */
function npmBuild(folder) {
  const npm = process.env.npm_execpath;
  const [program, ...args] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const windows = process.platform === 'win32';
  const child = spawn(program, [...args, 'run', '-s', 'build'], {
    cwd: ROOT,
    env: { ...process.env, BASIN_DIST: folder, BASIN_LAUNCHER: String(process.pid) },
    stdio: ['ignore', 2, 2],
    shell: program === 'npm' && windows,
    detached: !windows,
  });
  const end = (signal) => {
    try {
      process.kill(windows ? child.pid : -child.pid, signal);
    } catch {
      // It has ended by itself.
    }
    process.exit(128 + constants.signals[signal]);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, end);
  return new Promise((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('close', resolve);
  }).finally(() => {
    for (const signal of signals) process.off(signal, end);
  });
}

function fail(message) {
  process.stderr.write(`basin: ${message}\n`);
  process.exit(1);
}

async function buildOnce() {
  if (isFresh()) return;
  mkdirSync(CACHE, { recursive: true });
  const lock = new BuildLock(join(CACHE, 'build.lock'));
  const release = () => lock.release();
  let told;
  while (!isFresh()) {
    if (lock.take()) {
      process.once('exit', release);
      // The one before may just have built it.
      if (!isFresh()) await build();
      release();
      process.off('exit', release);
      return;
    }
    const holder = lock.holder();
    if (holder !== undefined && holder !== told) {
      process.stderr.write(`waiting for process ${holder}, which builds dist/ …\n`);
      told = holder;
    }
    if (holder !== undefined) await new Promise((done) => setTimeout(done, 200));
  }
}

await buildOnce();
// npm runs scripts in the package's folder; paths on the command line are meant against the caller's.
const { npm_package_json: manifest, INIT_CWD: caller } = process.env;
const isHere = (folder) => existsSync(folder) && realpathSync(folder) === process.cwd();
if (caller && manifest && isHere(dirname(manifest)) && isHere(ROOT)) process.chdir(caller);
process.argv[1] = CLI;
await import(pathToFileURL(CLI).href);
