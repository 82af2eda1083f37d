import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
// @ts-expect-error plain JavaScript, without declarations
import { BuildLock } from '../../src/cli/buildLock.mjs';

const SOURCE = fileURLToPath(new URL('../../src/cli/', import.meta.url));

/** Stands for npm: a build that notes its process, takes a while, and leaves a program that says so. */
const NPM = `
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
appendFileSync('builds', process.pid + '\\n');
for (let i = 0; i < (existsSync('slow') ? 600 : 3); i++) await new Promise((done) => setTimeout(done, 50));
mkdirSync(process.env.BASIN_DIST, { recursive: true });
writeFileSync(process.env.BASIN_DIST + '/cli.js', 'console.log("ran")');
`;

let root: string;
let lock: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'basin-'));
  lock = join(root, '.cache', 'build.lock');
  for (const folder of ['src/cli', 'node_modules/vite', '.cache'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['launch.mjs', 'buildLock.mjs', 'distStamp.mjs'])
    copyFileSync(join(SOURCE, name), join(root, 'src/cli', name));
  writeFileSync(join(root, 'package.json'), '{"type": "module"}');
  writeFileSync(join(root, 'npm.js'), NPM);
});
afterEach(() => rmSync(root, { recursive: true, maxRetries: 3 }));

interface Launched {
  child: ChildProcess;
  stderr(): string;
  ended: Promise<{ code: number | null; stdout: string }>;
}

function launch(): Launched {
  const child = spawn(process.execPath, [join(root, 'src/cli/launch.mjs')], {
    env: { ...process.env, npm_execpath: join(root, 'npm.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; stdout: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout }));
  });
  return { child, stderr: () => stderr, ended };
}

const builds = (): number[] => readFileSync(join(root, 'builds'), 'utf8').trim().split('\n').map(Number);
const left = (): string[] => readdirSync(join(root, '.cache'));
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('of many that start together beside the lock of a process that is gone, one builds', async () => {
  const gone = spawn(process.execPath, ['-e', '']);
  await new Promise((done) => gone.on('close', done));
  writeFileSync(lock, JSON.stringify({ pid: gone.pid, began: '1', host: hostname() }));
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => launch().ended));
  expect(outcomes).toEqual(Array(6).fill({ code: 0, stdout: 'ran\n' }));
  expect(builds()).toHaveLength(1);
  expect(left()).toEqual([]);
});

test.for([
  [
    'of another process that has the id by now',
    JSON.stringify({ pid: process.pid, began: '1', host: hostname() }),
  ],
  ['of an older version, whose process has gone', '4194305'],
  ['that is cut short', '{"pid": 1'],
  ['without content', ''],
])('a lock %s is broken at once', async ([, content]) => {
  writeFileSync(lock, content!);
  const { ended, stderr } = launch();
  expect(await ended).toEqual({ code: 0, stdout: 'ran\n' });
  expect(stderr()).not.toMatch(/waiting/);
  expect(left()).toEqual([]);
});

test('whoever waits says for which process, and goes on when that has built', async () => {
  const held = new BuildLock(lock);
  expect(held.take()).toBe(true);
  expect(new BuildLock(lock).holder()).toBe(process.pid);
  const { ended, stderr } = launch();
  await vi.waitFor(
    () => expect(stderr()).toContain(`waiting for process ${process.pid}, which builds dist/`),
    {
      timeout: 10_000,
    },
  );
  held.release();
  expect((await ended).code).toBe(0);
  // A lock that is another's by now is not given back.
  writeFileSync(lock, 'other');
  held.release();
  expect(readFileSync(lock, 'utf8')).toBe('other');
});

test.runIf(process.platform !== 'win32')(
  'a signal ends the build with its launcher, and dist/ stays as it was',
  async () => {
    mkdirSync(join(root, 'dist'));
    writeFileSync(join(root, 'dist', 'cli.js'), 'old');
    writeFileSync(join(root, 'slow'), '');
    const { child, ended } = launch();
    await vi.waitFor(() => expect(existsSync(join(root, 'builds'))).toBe(true), { timeout: 10_000 });
    child.kill('SIGTERM');
    expect((await ended).code).toBe(143);
    await vi.waitFor(() => expect(builds().some(isAlive)).toBe(false), { timeout: 10_000 });
    expect(existsSync(lock)).toBe(false);
    expect(readFileSync(join(root, 'dist', 'cli.js'), 'utf8')).toBe('old');
    rmSync(join(root, 'slow'));
    expect(await launch().ended).toEqual({ code: 0, stdout: 'ran\n' });
    expect(left()).toEqual([]);
  },
);
