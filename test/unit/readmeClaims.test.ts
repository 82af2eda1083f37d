import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { claimsMarkdown } from '../../src/cli/reproduction/claimsMarkdown.ts';
import { experiments } from '../../src/experiments/index.ts';
import type { Results } from '../../src/experiments/reproduction/results.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const results = JSON.parse(read('bench/results/reproduction/results.json')) as Results;

test('README’s table of the claims is that of the results, linked to their report', () => {
  const report = 'https://basin-lab.github.io/basin/reproduction.html';
  const [, table] = /<!-- claims -->\n\n(.*)\n\n<!-- \/claims -->/s.exec(read('README.md')) ?? [];
  expect(table).toBe(claimsMarkdown(results, report));
  for (const { id } of results.claims)
    expect(read('bench/results/reproduction/report.html')).toContain(`id="${id}"`);
});

test('the results are of standard, of claims as they are, with no cell missing', () => {
  expect(results.preset).toBe('standard');
  expect(results.missing).toEqual([]);
  for (const { id, version, protocol } of results.claims) {
    const claim = experiments.find((each) => each.id === id)!;
    expect([id, version]).toEqual([id, claim.version]);
    expect(protocol).toEqual(claim.presets.standard);
  }
});
