import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** Rooms, the lowest first: a file imports from its own room and from those above it in this list, rooms of one line being strangers. */
const FLOORS = [
  ['reference', 'host', 'random'],
  ['gpu'],
  ['build'],
  ['ops'],
  ['autograd'],
  ['nn'],
  ['data', 'optim'],
  ['measure/statistics'],
  ['measure'],
  ['train'],
  ['experiments'],
  ['selftest'],
  ['tuning'],
  ['bench'],
  ['jobs'],
  ['present'],
  ['cli', 'web'],
  ['playwright'],
  // The namespaces of the library.
  ['library'],
  // The entries of the packages.
  ['.'],
] as const;

/** Every import of a file of the product from another one, types included. */
function imports(): { readonly file: string; readonly of: string }[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tsx?$/.test(name),
  );
  return files.flatMap((name) => {
    const text = readFileSync(join(source, name), 'utf8');
    const found = text.matchAll(/(?:from|import\(|import) ?['"](\.[^'"?]+)/g);
    return [...found].map(([, target]) => ({
      file: name,
      of: relative(source, resolve(source, dirname(name), target!)),
    }));
  });
}

/** The deepest room of the list that holds a file. */
function roomOf(file: string): string {
  const folder = dirname(file);
  const rooms = FLOORS.flat().filter((room) => folder === room || folder.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? folder;
}

const floorOf = (room: string): number =>
  FLOORS.findIndex((rooms) => (rooms as readonly string[]).includes(room));

test('imports point downwards only', () => {
  const upward = imports().flatMap(({ file, of }) => {
    if (of.startsWith('..')) return [];
    const [from, to] = [roomOf(file), roomOf(of)];
    expect(floorOf(from), `the room of ${file}`).toBeGreaterThanOrEqual(0);
    return from === to || floorOf(to) < floorOf(from) ? [] : [`${file} → ${of}`];
  });
  expect(upward).toEqual([]);
});

test('the references import nothing of the product but each other', () => {
  const foreign = imports().filter(
    ({ file, of }) => roomOf(file) === 'reference' && roomOf(of) !== 'reference',
  );
  expect(foreign).toEqual([]);
});
