import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { equationHtml } from './equation.ts';
import { attribute, renderMarkdown } from './markdown.ts';

/** A sentence that is commonly said, and the claims that answer it. */
interface Sentence {
  readonly sentence: string;
  readonly claims: readonly string[];
}

/**
 * The article in the home page, from its Markdown: text and equations are there before any script is, figures have their places, where the
 * page's script draws them.
 * @param file with the text
 * @param sentences what is commonly said: each belongs to the section that names the first of its claims
 */
export function article(file: string, sentences: readonly Sentence[]): Plugin {
  return {
    name: 'basin:article',
    transformIndexHtml: {
      order: 'pre',
      handler: (html) =>
        html.includes(PLACE)
          ? html.replace(PLACE, () => articleHtml(readFileSync(file, 'utf8'), sentences))
          : html,
    },
    configureServer(server) {
      server.watcher.add(file);
      server.watcher.on('change', (changed) => {
        if (changed === file) server.ws.send({ type: 'full-reload' });
      });
    },
  };
}

const PLACE = '<!--article-->';

/**
 * @param text in Markdown; its blocks `equation`, `figure` and `claims` are the article's own
 * @throws Error for a claim that begins no sentence, a sentence that is in no section
 */
export function articleHtml(text: string, sentences: readonly Sentence[]): string {
  const placed = new Set<Sentence>();
  const { headings, html } = renderMarkdown('article.md', text, (href) => `./${href}`, {
    equation: equationHtml,
    figure: (_, id) =>
      `<figure class="live card" data-figure="${attribute(id)}" aria-labelledby="figure-${attribute(id)}"></figure>\n`,
    claims: (ids) => {
      const own = ids
        .trim()
        .split(/\s+/)
        .flatMap((id) => {
          const found = sentences.filter(({ claims }) => claims[0] === id);
          if (found.length === 0) throw new Error(`article.md: no sentence begins with the claim ${id}`);
          return found;
        });
      for (const sentence of own) placed.add(sentence);
      return claimsHtml(own);
    },
  });
  const left = sentences.filter((sentence) => !placed.has(sentence));
  if (left.length > 0)
    throw new Error(`article.md: no section has “${left.map(({ sentence }) => sentence).join('”, “')}”`);
  const sections = headings.filter(({ depth }) => depth === 2);
  const contents = sections.map(({ id, html: name }) => `<a href="#${id}">${name}</a>`).join('');
  return html.replace('<h2', () => `<nav class="sections" aria-label="Sections">${contents}</nav>\n<h2`);
}

function claimsHtml(sentences: readonly Sentence[]): string {
  const items = sentences.map(({ sentence, claims }) => {
    const links = claims.map((id) => `<a href="./experiments.html#${id}">${id}</a>`);
    return `<li>“${attribute(sentence)}” <span class="tests">${links.join(' ')}</span></li>`;
  });
  const said = items.length === 1 ? 'One sentence that is' : `${items.length} sentences that are`;
  return `<details class="said"><summary>${said} said of this, and the claims that put them to the test</summary><ul>${items.join('')}</ul></details>\n`;
}
