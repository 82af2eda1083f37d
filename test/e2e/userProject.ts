import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build, type Rollup } from 'vite';
import { loadedAtOnce } from '../../src/build/engineSize.ts';
import { execute } from './basin.ts';

const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** Every entry for pages and for Node, in TypeScript. */
export const TYPED = `
import { data, engine, type Gpu, InputError, measure, NoAdapterError, nn, openDevice, ops, optim, statistics, train } from 'basin';
import * as alone from 'basin/engine';
import { type JobEvent, runJob } from 'basin/jobs';
import { fileHost, MissingPackageError, openDevice as openUnderNode } from 'basin/node';

export async function use(lr: number | undefined): Promise<number> {
  using gpu: Gpu = await openDevice();
  const same: alone.Gpu = await openUnderNode();
  const set = await data.loadDataset('gaussian-clusters?examples=64&classes=3&dims=8', fileHost('.'));
  const run = await train(gpu, { model: nn.sequential(nn.linear(8, 3)), data: set, batchSize: 16, steps: 5, lr,
    schedule: { type: 'cosine', T_max: 5 }, instruments: [{ type: 'eigenvalue', every: 2 }] });
  const { vectors } = await (await run.point()).hessian().eigenvalues(1, { vectors: true });
  for await (const { loss } of run.readings()) if (loss === null) return 0;
  const device: GPUDevice = same.device;
  const event: JobEvent | undefined = undefined;
  console.log(event, runJob, MissingPackageError, vectors[0]?.layout);
  console.log(device, engine.Arena, measure.moments, ops.matmul, optim.sgd, statistics.temperature, InputError, NoAdapterError);
  return statistics.temperature({ lr: 0.1, batchSize: 64 });
}
`;

/** Trains under Node, and prints the last loss. */
export const NODE_SCRIPT = `
import * as page from 'basin';
import { data, fileHost, nn, openDevice, train } from 'basin/node';
import * as engine from 'basin/engine';

const gpu = await openDevice();
const set = await data.loadDataset('gaussian-clusters?examples=64&classes=3&dims=8', fileHost('.'));
const run = await train(gpu, { model: nn.sequential(nn.linear(8, 3)), data: set, batchSize: 16, steps: 5, lr: 0.1 });
let last;
for await (const { loss } of run.readings()) last = loss;
const oneLibrary = page.train === train && page.NoAdapterError === engine.NoAdapterError && page.ops === engine.ops;
console.log(JSON.stringify({ oneLibrary, loss: last }));
run.dispose();
gpu.dispose();
`;

/** Writes files below a folder. */
export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** What the type checker says of files, in strict mode, declarations of packages included. */
export async function tsc(
  folder: string,
  files: readonly string[],
  options: Readonly<Record<string, unknown>>,
  compiler = TSC,
): Promise<string> {
  const compilerOptions = {
    strict: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: 'es2022',
    ...options,
  };
  write(folder, { 'tsconfig.json': JSON.stringify({ compilerOptions, files }) });
  const { stdout } = await execute(process.execPath, [compiler, '-p', '.'], folder);
  return stdout;
}

/** What a page loads at once of what Vite makes of a script: the minified code, and its bytes gzipped. */
export async function bundled(folder: string, script: string): Promise<{ code: string; bytes: number }> {
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2022', rollupOptions: { input: join(folder, script) } },
  });
  const chunks = (built as Rollup.RollupOutput).output.filter((file) => file.type === 'chunk');
  const loaded = loadedAtOnce(chunks);
  const codes = chunks.filter(({ fileName }) => loaded.has(fileName)).map(({ code }) => code);
  const sizes = await Promise.all(
    codes.map(async (code) => (await promisify(gzip)(code, { level: 9 })).length),
  );
  return { code: codes.join('\n'), bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
