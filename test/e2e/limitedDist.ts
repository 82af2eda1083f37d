import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LIMITS, withDefaultLimits } from '../gpu/defaultLimits.ts';
import { ROOT } from './basin.ts';

/** In front of the script that computes for the pages: WebGPU grants it what it promises everywhere, and no more. */
const LIMITED = `const DEFAULT_LIMITS = ${JSON.stringify(DEFAULT_LIMITS)};
const limit = ${withDefaultLimits};
Object.defineProperty(navigator, 'gpu', { value: limit(navigator.gpu) });`;

/** Copies the built pages into a folder, so that their devices have the default limits and no feature. */
export function copyLimited(folder: string): void {
  cpSync(join(ROOT, 'dist'), folder, { recursive: true });
  const assets = join(folder, 'assets');
  const workers = readdirSync(assets).filter((name) => /^jobWorker.*\.js$/.test(name));
  if (workers.length === 0) throw new Error('dist/assets/ has no jobWorker');
  for (const name of workers) {
    const path = join(assets, name);
    writeFileSync(path, `{${LIMITED}}\n${readFileSync(path, 'utf8')}`);
  }
}
