import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { articleHtml } from '../../src/build/article.ts';
import { equationHtml } from '../../src/build/equation.ts';
import { ARTICLE } from '../../src/experiments/article.ts';
import { claimAnswers } from '../../src/experiments/reproduction/claimAnswers.ts';
import type { BundledFigure } from '../../src/web/article/bundledFigure.ts';
import { hyperbolaThrough } from '../../src/web/article/figures/hyperbola.ts';
import { FIGURES } from '../../src/web/article/figures/index.ts';

const folder = new URL('../../src/web/article/', import.meta.url);
const text = readFileSync(new URL('article.md', folder), 'utf8');
const html = articleHtml(text, ARTICLE);

test('the article needs no script and no style of its own, and ten minutes at most', () => {
  expect(html).not.toMatch(/<script|<style|\sstyle=|\son\w+=/);
  const words = text.replace(/```[\s\S]*?```/g, '').split(/\s+/).length;
  expect(words).toBeGreaterThan(600);
  // 200 words a minute.
  expect(words / 200).toBeLessThan(10);
});

test('each section has its equation and its figure, and each sentence its claims', () => {
  for (const { id } of FIGURES) {
    const [section] = html.split(`<h2 id="${id}">`)[1]!.split('<h2 ');
    expect(section, id).toContain(`<div class="equation" data-of="${id}">`);
    expect(section, id).toContain('<math ');
    expect(section, id).toContain(`data-figure="${id}"`);
    expect(section, id).toContain('href="./experiments.html#');
  }
  for (const { claims } of ARTICLE)
    for (const claim of claims) expect(html).toContain(`href="./experiments.html#${claim}"`);
});

test('what was not reproduced is in sight, and each claim has its verdict', () => {
  const said = [
    { sentence: 'So it is.', claims: ['one', 'two', 'three'] },
    { sentence: 'And so.', claims: ['two'] },
  ];
  const section = '# T\n\n## S\n\n```claims\none two\n```\n';
  const answers = new Map([
    ['one', { verdict: 'reproduced', effect: 'gain: 2 [1, 3]', margin: '[0, ∞]' }],
    ['two', { verdict: 'inconclusive', effect: 'loss: 0.1 [−0.1, 0.3]', margin: '[0, ∞]' }],
  ]);
  const [before, after] = articleHtml(section, said, answers).split('<details') as [string, string];
  expect(before).toContain(
    '<strong>inconclusive</strong>, <a href="./experiments.html#two">two</a>, of “So it is.”, “And so.”: loss: 0.1 [−0.1, 0.3], where the claim needs [0, ∞]',
  );
  expect(before).not.toContain('#one');
  expect(after).toContain('test: 1 reproduced, 1 inconclusive, 1 not run yet</summary>');
  expect(after).toContain(
    '<span class="verdict" data-verdict="reproduced">reproduced</span>, gain: 2 [1, 3]',
  );
  expect(articleHtml(section, said)).not.toContain('class="against"');
});

test('the article tells of every claim that was not reproduced, and of no other', () => {
  const file = new URL('../../bench/results/reproduction/results.json', import.meta.url);
  const answers = claimAnswers(JSON.parse(readFileSync(file, 'utf8')));
  const told = [...articleHtml(text, ARTICLE, answers).matchAll(/<div class="against">.*?<\/div>/gs)]
    .flatMap(([block]) => [...block.matchAll(/experiments\.html#([\w-]+)/g)])
    .map(([, id]) => id);
  const open = [...answers].filter(([, { verdict }]) => verdict !== 'reproduced').map(([id]) => id);
  expect(answers.size).toBeGreaterThan(0);
  expect(told.sort()).toEqual(open.sort());
});

test('a symbol marks a curve that its figure has', () => {
  const symbols = FIGURES.flatMap(({ id }) => {
    const equation = html.split(`data-of="${id}"`)[1]!.split('</ul>')[0]!;
    return [...equation.matchAll(/data-curve="([^"]*)"/g)].map(([, curve]) => ({ id, curve: curve! }));
  });
  const curves = symbols.filter(({ curve }) => curve !== '');
  expect(curves.length).toBeGreaterThan(8);
  for (const { id, curve } of curves) {
    const figure = FIGURES.find((each) => each.id === id)!;
    const { runs } = JSON.parse(readFileSync(new URL(`bundled/${id}.json`, folder), 'utf8')) as BundledFigure;
    const value = figure.slider.first;
    const run = figure.runOf(value);
    const others = new Map(figure.runs.filter((each) => each !== run).map((each) => [each, runs[each]!]));
    const names = figure
      .panels({ chosen: runs[run]!, others }, value)
      .flatMap(({ marks }) => marks.map(({ name }) => name));
    expect(
      names.filter((name) => name.includes(curve)),
      `${id}: ${curve} of ${names}`,
    ).not.toEqual([]);
  }
});

test('what does not fit is refused by name', () => {
  const said = [{ sentence: 'So it is.', claims: ['one', 'two'] }];
  const section = (claims: string): string => `# T\n\n## S\n\n\`\`\`claims\n${claims}\n\`\`\`\n`;
  expect(articleHtml(section('one'), said)).toContain('“So it is.”');
  expect(() => articleHtml(section('two'), said)).toThrow('no sentence begins with the claim two');
  expect(() => articleHtml('# T\n\n## S\n', said)).toThrow('no section has “So it is.”');
  expect(() => equationHtml('\\a = 1\nb: b | name | meaning |', 'f')).toThrow('f: the equation has no \\b');
  expect(() => equationHtml('\\a = 1\na: a | name', 'f')).toThrow('f: no symbol with a meaning');
  expect(() => equationHtml('\\frac{1', 'f')).toThrow();
});

test('a hyperbola is found again from its points', () => {
  const points = [2, 8, 32, 128, 512].map((batch) => ({ batch, steps: 40 * (1 + 60 / batch) }));
  const found = hyperbolaThrough(points)!;
  expect(found.critical / 60).toBeCloseTo(1, 1);
  expect(found.steps / 40).toBeCloseTo(1, 1);
  expect(hyperbolaThrough(points.slice(0, 2))).toBeUndefined();
});
