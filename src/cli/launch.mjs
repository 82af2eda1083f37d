// Runs the command line from a checkout: builds dist/ where it is stale, then runs dist/cli.js in this process, so
// that exit code and signals are its own. Standard output belongs to the command: the build writes to standard error.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'dist', 'cli.js');
/** What dist/ was built from; written after a build, gone with the rest of dist/ when the next one begins. */
const STAMP = join(ROOT, 'dist', '.stamp');
/** Held by the one process that builds; its content is that process's id. */
const LOCK = join(ROOT, '.cache', 'build.lock');
const SOURCES = ['src', 'shaders', 'vite.config.ts', 'package.json', 'package-lock.json', 'tsconfig.json'];

/** Name, time and size of every source file, in one hash. */
function fingerprint() {
  const hash = createHash('sha256');
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else if (stat) hash.update(`${path} ${stat.mtimeMs} ${stat.size}\n`);
  };
  for (const name of SOURCES) visit(join(ROOT, name));
  return hash.digest('hex');
}

function isFresh() {
  return existsSync(CLI) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint();
}

/** Whether the process that holds the lock is gone; after a quarter of an hour it is, whatever has its id now. */
function isAbandoned() {
  try {
    if (Date.now() - statSync(LOCK).mtimeMs > 900_000) return true;
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0);
  } catch (error) {
    return error.code === 'ESRCH';
  }
  return false;
}

/** Links a file with this process's id to the lock's name, which fails where the name is taken. */
function takeLock() {
  const own = `${LOCK}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, LOCK);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own);
  }
}

function releaseLock() {
  rmSync(LOCK, { force: true });
}

function build() {
  if (!existsSync(join(ROOT, 'node_modules', 'vite'))) fail('node_modules is missing: run `npm ci` first');
  const before = fingerprint();
  process.stderr.write('building dist/ …\n');
  const npm = process.env.npm_execpath;
  const [program, ...args] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const { status } = spawnSync(program, [...args, 'run', '-s', 'build'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: program === 'npm' && process.platform === 'win32',
  });
  if (status !== 0) fail('the build failed');
  if (!existsSync(CLI)) fail('the build left no dist/cli.js');
  writeFileSync(STAMP, before);
}

function fail(message) {
  process.stderr.write(`basin: ${message}\n`);
  process.exit(1);
}

async function buildOnce() {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  while (!isFresh()) {
    if (takeLock()) {
      process.once('exit', releaseLock);
      // The one before may just have built it.
      if (!isFresh()) build();
      releaseLock();
      process.off('exit', releaseLock);
      return;
    }
    if (isAbandoned()) releaseLock();
    else await new Promise((done) => setTimeout(done, 200));
  }
}

await buildOnce();
// npm runs scripts in the package's folder; paths on the command line are meant against the caller's.
const { npm_package_json: manifest, INIT_CWD: caller } = process.env;
const isHere = (folder) => existsSync(folder) && realpathSync(folder) === process.cwd();
if (caller && manifest && isHere(dirname(manifest)) && isHere(ROOT)) process.chdir(caller);
process.argv[1] = CLI;
await import(pathToFileURL(CLI).href);
