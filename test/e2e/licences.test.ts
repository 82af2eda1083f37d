import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './basin.ts';

test('the built site lists the packages that are in it, with their licences', () => {
  const text = readFileSync(join(ROOT, 'dist', 'licences.txt'), 'utf8');
  // Of pages, and of their workers.
  for (const name of ['preact', 'uplot', '@observablehq/plot', 'comlink', 'zod', 'fflate']) {
    expect(text).toMatch(
      new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\S*: (MIT|ISC|BSD-3-Clause|Apache-2\\.0)$`, 'm'),
    );
  }
  expect(text).toMatch(/permission is hereby granted/i);
});
