import { type ChildProcess, fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BenchRunner } from '../../bench/benchRunner.ts';
import { distFolder } from '../fileHost.ts';
import { nodeGpu } from '../nodeGpu.ts';
import { noNodeAdapter } from '../noNodeAdapter.ts';
import type { BenchCalls, BenchDriver, BenchWorker } from './driver.ts';

interface Question {
  id: number;
  method: keyof BenchCalls;
  args: unknown[];
}

interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

/**
 * Dawn under Node; a process for each library, all open at once. They find their driver as every command does.
 * @param peers folder of bench/peers, if there is one
 */
export function benchNode(peers: string | undefined): BenchDriver {
  const children: ChildProcess[] = [];
  return {
    runtime: 'node',
    version: `Node ${process.versions.node} with Dawn`,
    async worker() {
      const child = fork(fileURLToPath(import.meta.url), ['bench', 'worker'], {
        // Mesa complains on standard error where there is none.
        env: { XDG_RUNTIME_DIR: tmpdir(), ...process.env },
        execArgv: [],
        silent: true,
      });
      children.push(child);
      return { call: asking(child), heapBytes: async () => undefined };
    },
    peerUrl: (key) => pathToFileURL(join(peers ?? '', 'dist/node', `${key}.mjs`)).href,
    ownUrl: (key) => pathToFileURL(join(distFolder, `bench/cold/${key}.js`)).href,
    fetched: () => undefined,
    async close() {
      for (const child of children) child.kill();
    },
  };
}

function asking(child: ChildProcess): BenchWorker['call'] {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let asked = 0;
  let said = '';
  child.stdout!.resume();
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-500);
  });
  child.on('message', ({ id, value, error }: Answer) => {
    const { resolve, reject } = waiting.get(id)!;
    waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values())
      reject(new Error(`the process ended with ${code ?? signal}: ${said}`));
    waiting.clear();
  });
  const call = (method: keyof BenchCalls, ...args: unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      if (child.exitCode !== null || child.signalCode !== null) {
        reject(new Error(`the process has ended: ${said}`));
        return;
      }
      waiting.set(++asked, { resolve, reject });
      child.send({ id: asked, method, args } satisfies Question);
    });
  return call as BenchWorker['call'];
}

/** The other side: answers until the process that forked this one goes. */
export async function benchWorker(): Promise<void> {
  if (!process.send) throw new Error('`bench worker` is what `bench step` starts, not a command');
  const gone = new Promise<void>((resolve) => process.once('disconnect', resolve));
  const runner = open();
  runner.catch(() => {});
  process.on('message', async ({ id, method, args }: Question) => {
    const answer: Answer = { id };
    try {
      const calls = (await runner) as unknown as Record<string, (...a: unknown[]) => unknown>;
      answer.value = await calls[method]!(...args);
    } catch (error) {
      answer.error = (error as Error).message;
    }
    process.send!(answer);
  });
  await gone;
}

async function open(): Promise<BenchRunner> {
  const found = await nodeGpu();
  if (!found) throw await noNodeAdapter();
  // Libraries for pages look for WebGPU there, and ask it what the browser is.
  const navigator = {
    gpu: found.gpu,
    userAgent: 'node',
    platform: process.platform,
    hardwareConcurrency: 1,
    language: 'en',
  };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  const library = pathToFileURL(join(distFolder, 'bench/runner.js')).href;
  const { BenchRunner } = await import(/* @vite-ignore */ library);
  return new BenchRunner();
}
