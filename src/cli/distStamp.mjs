// What dist/ was built from, so that it is built again only where that has changed. The launcher and the build share it.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** In dist/, written after a build. */
const STAMP = '.stamp';
/** What dist/ is made from. */
export const SOURCES = [
  'src',
  'shaders',
  'vite.config.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/** Name, time and size of every source file, in one hash. */
export function fingerprint(root) {
  const hash = createHash('sha256');
  const visit = (name) => {
    const path = join(root, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) for (const entry of readdirSync(path).sort()) visit(join(name, entry));
    else if (stat) hash.update(`${name} ${stat.mtimeMs} ${stat.size}\n`);
  };
  for (const name of SOURCES) visit(name);
  return hash.digest('hex');
}

/** Whether a built folder is of the sources as they are. */
export function isBuiltOf(dist, root) {
  const stamp = join(dist, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root);
}

/** @param before the sources' fingerprint when the build began */
export function writeStamp(dist, before) {
  writeFileSync(join(dist, STAMP), before);
}
