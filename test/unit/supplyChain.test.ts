import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { licencesText, packageFolder, readPackage } from '../../src/build/licences.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

test('every package of the lock file is the registry’s, by a digest of it', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const locked = Object.entries(packages).filter(([path]) => path !== '');
  expect(locked.length).toBeGreaterThan(100);
  for (const [path, { version, resolved, integrity, link }] of locked) {
    expect(path, 'lies in node_modules').toMatch(/^node_modules\//);
    expect(link, `${path} is a link`).toBeUndefined();
    expect(version, `${path}: a version, no address`).toMatch(/^\d+\.\d+\.\d+/);
    expect(integrity, `${path}: digest`).toMatch(/^sha512-/);
    // Left out by .npmrc: the registry that is set is asked, and the digest holds whatever it sends.
    expect(resolved, `${path}: where it is from`).toBeUndefined();
  }
});

test('an installation runs no script of a package', () => {
  const settings = readFileSync(join(ROOT, '.npmrc'), 'utf8').split('\n');
  expect(settings).toContain('ignore-scripts=true');
  expect(settings).toContain('omit-lockfile-registry-resolved=true');
});

test('what is bundled is listed with its licence', () => {
  const id = ['', 'a', 'node_modules', '@b', 'c', 'node_modules', 'd', 'x', 'y.js'].join(sep);
  expect(packageFolder(`${id}?worker`)).toBe(id.slice(0, -'/x/y.js'.length));
  expect(packageFolder(['', 'a', 'node_modules', '@b', 'c', 'z.js'].join(sep))).toMatch(/@b.c$/);
  expect(packageFolder(['', 'a', 'src', 'z.ts'].join(sep))).toBeNull();
  const names = [
    'zod',
    'preact',
    'uplot',
    'comlink',
    'fflate',
    'wgsl_reflect',
    '@observablehq/plot',
    'temml',
  ];
  const packages = names.map((name) => readPackage(join(ROOT, 'node_modules', ...name.split('/'))));
  for (const { name, licence, text } of packages) {
    expect(licence, name).toMatch(/^(MIT|ISC|BSD-[23]-Clause|Apache-2\.0|MIT-0|0BSD|Unlicense)$/);
    expect(text, name).toMatch(/copyright|apache|permission|mit/i);
  }
  const list = licencesText(packages);
  expect(list.indexOf('@observablehq/plot')).toBeLessThan(list.indexOf('comlink'));
  for (const { name, version } of packages) expect(list).toContain(`${name} ${version}: `);
});
