import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { equationHtml } from './equation.ts';
import { attribute, renderMarkdown } from './markdown.ts';

/** A sentence that is commonly said, and the claims that answer it. */
interface Sentence {
  readonly sentence: string;
  readonly claims: readonly string[];
}

/** What a claim came to, the effect that decides it with its interval, and what the claim needs that to lie within. */
interface Answer {
  readonly verdict: string;
  readonly effect: string;
  readonly margin: string;
}

/** By the claims' ids; a claim that has none has not been run. */
type Answers = ReadonlyMap<string, Answer>;

/**
 * The article in the home page, from its Markdown: text and equations are there before any script is, figures have their places, where the
 * page's script draws them.
 * @param file with the text
 * @param sentences what is commonly said: each belongs to the section that names the first of its claims
 * @param answers gives the verdicts that the article tells
 */
export function article(file: string, sentences: readonly Sentence[], answers: () => Answers): Plugin {
  return {
    name: 'basin:article',
    transformIndexHtml: {
      order: 'pre',
      handler: (html) =>
        html.includes(PLACE)
          ? html.replace(PLACE, () => articleHtml(readFileSync(file, 'utf8'), sentences, answers()))
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
export function articleHtml(
  text: string,
  sentences: readonly Sentence[],
  answers: Answers = new Map(),
): string {
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
      return againstHtml(own, answers) + claimsHtml(own, answers);
    },
  });
  const left = sentences.filter((sentence) => !placed.has(sentence));
  if (left.length > 0)
    throw new Error(`article.md: no section has “${left.map(({ sentence }) => sentence).join('”, “')}”`);
  const sections = headings.filter(({ depth }) => depth === 2);
  const contents = sections.map(({ id, html: name }) => `<a href="#${id}">${name}</a>`).join('');
  // Markdown has no indices.
  const indexed = html.replace(/(?<=ε)_\{(\w+)\}/g, '<sub>$1</sub>');
  return indexed.replace('<h2', () => `<nav class="sections" aria-label="Sections">${contents}</nav>\n<h2`);
}

/** What did not come out as it is said, in sight: a reader of the section must not miss it. */
function againstHtml(sentences: readonly Sentence[], answers: Answers): string {
  const found = claimsOf(sentences).flatMap((id) => {
    const answer = answers.get(id);
    if (!answer || answer.verdict === REPRODUCED) return [];
    const of = sentences.filter(({ claims }) => claims.includes(id));
    const said = of.map(({ sentence }) => `“${attribute(sentence)}”`).join(', ');
    const wanted = answer.margin === '' ? '' : `, where the claim needs ${attribute(answer.margin)}`;
    return [
      `<li><strong>${attribute(answer.verdict)}</strong>, ${claimLink(id)}, of ${said}: ${attribute(answer.effect)}${wanted}</li>`,
    ];
  });
  return found.length === 0
    ? ''
    : `<div class="against"><p>Put to the test, not all of it was reproduced:</p><ul>${found.join('')}</ul></div>\n`;
}

function claimsHtml(sentences: readonly Sentence[], answers: Answers): string {
  const items = sentences.map(({ sentence, claims }) => {
    const links = claims.map((id) => {
      const answer = answers.get(id);
      const verdict = attribute(answer?.verdict ?? NOT_RUN);
      const shown = `<span class="verdict" data-verdict="${verdict}">${verdict}</span>`;
      return `<li>${claimLink(id)} ${shown}${answer ? `, ${attribute(answer.effect)}` : ''}</li>`;
    });
    return `<li>“${attribute(sentence)}”<ul class="tests">${links.join('')}</ul></li>`;
  });
  const said = items.length === 1 ? 'One sentence that is' : `${items.length} sentences that are`;
  const counts = new Map<string, number>();
  for (const id of claimsOf(sentences)) {
    const verdict = answers.get(id)?.verdict ?? NOT_RUN;
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  const verdicts = [...counts].map(([verdict, count]) => `${count} ${attribute(verdict)}`).join(', ');
  return `<details class="said"><summary>${said} said of this, and the claims that put them to the test: ${verdicts}</summary><ul>${items.join('')}</ul></details>\n`;
}

/** Each claim once, though it may answer several sentences. */
function claimsOf(sentences: readonly Sentence[]): string[] {
  return [...new Set(sentences.flatMap(({ claims }) => claims))];
}

function claimLink(id: string): string {
  return `<a href="./experiments.html#${id}">${id}</a>`;
}

const REPRODUCED = 'reproduced';
const NOT_RUN = 'not run yet';
