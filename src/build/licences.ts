import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Plugin } from 'vite';

/** A package of which some is in what is built. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its manifest has it, an SPDX expression. */
  readonly licence: string;
  /** The text that it asks to be passed on with it. */
  readonly text: string;
}

/**
 * Lists the packages that are in the built pages and their workers, with their licences, in `licences.txt`.
 * @returns the plugin for the pages, and one for each build of a worker, which tells the first what it took
 */
export function licences(): { readonly pages: Plugin; readonly worker: () => Plugin } {
  const folders = new Set<string>();
  const take = (ids: Iterable<string>): void => {
    for (const id of ids) {
      const folder = packageFolder(id);
      if (folder !== null) folders.add(folder);
    }
  };
  return {
    pages: {
      name: 'basin:licences',
      apply: 'build',
      generateBundle() {
        take(this.getModuleIds());
        const source = licencesText([...folders].map(readPackage));
        this.emitFile({ type: 'asset', fileName: 'licences.txt', source });
      },
    },
    worker: () => ({
      name: 'basin:licences-of-worker',
      generateBundle() {
        take(this.getModuleIds());
      },
    }),
  };
}

/** The folder of the package that a module is of; null for a module of ours. */
export function packageFolder(id: string): string | null {
  const path = id.replace(/^\0/, '').split('?', 1)[0]!.split('/').join(sep);
  const mark = `${sep}node_modules${sep}`;
  const at = path.lastIndexOf(mark);
  if (at < 0) return null;
  const rest = path.slice(at + mark.length).split(sep);
  const name = rest[0]!.startsWith('@') ? rest.slice(0, 2) : rest.slice(0, 1);
  return join(path.slice(0, at + mark.length), ...name);
}

/** @throws Error for a package that names no licence */
export function readPackage(folder: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  if (!license) throw new Error(`${name}: its manifest names no licence`);
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)([.-]|$)/i.test(each));
  // Some of a family's packages leave it to the one that they came from.
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : inReadme(folder);
  return { name, version, licence: license, text };
}

function inReadme(folder: string): string {
  const readme = join(folder, 'README.md');
  const found = existsSync(readme) ? /^#+ licen[cs]e\s*\n([^#]*)/im.exec(readFileSync(readme, 'utf8')) : null;
  return found ? found[1]!.trim() : '(its package holds no text of it)';
}

/** All of them, by name. */
export function licencesText(packages: readonly BundledPackage[]): string {
  const sorted = [...packages].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const list = sorted.map(({ name, version, licence }) => `${name} ${version}: ${licence}`);
  const texts = sorted.map(
    ({ name, version, licence, text }) => `${name} ${version} (${licence})\n${'-'.repeat(72)}\n${text}\n`,
  );
  return `These pages are built with parts of:\n\n${list.join('\n')}\n\n\n${texts.join('\n\n')}`;
}
