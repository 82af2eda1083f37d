import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import css from 'highlight.js/lib/languages/css';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { Marked, type Tokens } from 'marked';
import { wgslLanguage } from './wgslLanguage.ts';

hljs.registerLanguage('sh', bash);
hljs.registerLanguage('bash', bash);
hljs.registerLanguage('yaml', yaml);
hljs.registerLanguage('css', css);
hljs.registerLanguage('json', json);
hljs.registerLanguage('py', python);
hljs.registerLanguage('ts', typescript);
hljs.registerLanguage('html', xml);
hljs.registerLanguage('wgsl', wgslLanguage);

export interface Heading {
  readonly depth: number;
  /** Its anchor. */
  readonly id: string;
  /** HTML, without the heading's own tag. */
  readonly html: string;
}

export interface Rendered {
  /** Of the first heading, without markup. */
  readonly title: string;
  readonly headings: readonly Heading[];
  readonly html: string;
}

/** A heading's anchor, as repository pages make it: lower case, spaces as hyphens, no punctuation. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

/**
 * A text in GitHub's Markdown as HTML that needs neither script nor style of its own: code is coloured by classes. The first word of a
 * code block's info string is its language; the rest is for the tests of the documentation.
 * @param file how errors name the text
 * @param link where a link of the text leads on the site
 * @param blocks what the code blocks of other languages become, by the language: `text` is what they hold, `argument` the rest of their info string
 * @throws Error for raw HTML, an image, a language that has no colours, a second heading of one anchor
 */
export function renderMarkdown(
  file: string,
  text: string,
  link: (href: string) => string,
  blocks: Readonly<Record<string, (text: string, argument: string) => string>> = {},
): Rendered {
  const headings: Heading[] = [];
  let title = '';
  let tables = 0;
  const refuse = (what: string): never => {
    throw new Error(`${file}: ${what}`);
  };
  const marked = new Marked({
    renderer: {
      html: ({ raw }) => refuse(`raw HTML: ${raw.trim()}`),
      image: ({ href }) => refuse(`an image: ${href}`),
      heading({ depth, tokens, text }) {
        const html = this.parser.parseInline(tokens);
        const plain = text.replace(/[`*]/g, '');
        const id = slug(plain);
        if (headings.some((other) => other.id === id)) refuse(`two headings of the anchor #${id}`);
        headings.push({ depth, id, html });
        title ||= plain;
        const anchor =
          depth === 1
            ? ''
            : ` <a class="anchor" href="#${id}" aria-label="Link to ${attribute(plain)}">#</a>`;
        return `<h${depth} id="${id}">${html}${anchor}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        return `<a href="${attribute(link(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      code({ text, lang }) {
        const [language = 'text', argument = ''] = lang?.split(/ (.*)/) ?? [];
        if (Object.hasOwn(blocks, language)) return blocks[language]!(text, argument);
        if (language !== 'text' && !hljs.getLanguage(language))
          refuse(`no colours for the language ${language}`);
        const html = language === 'text' ? attribute(text) : hljs.highlight(text, { language }).value;
        return `<pre class="code" tabindex="0"><code>${html}</code></pre>\n`;
      },
      table(token) {
        tables++;
        const table = tableHtml(token, (cell) => this.parser.parseInline(cell.tokens));
        // Wide ones scroll by themselves: also by the keyboard, under a name of their own.
        return `<div class="table" role="region" aria-label="Table ${tables}" tabindex="0">${table}</div>\n`;
      },
    },
  });
  const html = marked.parse(text, { async: false });
  return { title: title || refuse('no heading'), headings, html };
}

function tableHtml({ header, rows }: Tokens.Table, inner: (cell: Tokens.TableCell) => string): string {
  const row = (cells: readonly Tokens.TableCell[], tag: 'th' | 'td'): string =>
    `<tr>${cells
      .map((cell) => {
        // A head that says nothing is none.
        const name = cell.text === '' ? 'td' : tag;
        return `<${name}${cell.align ? ` class="${cell.align}"` : ''}>${inner(cell)}</${name}>`;
      })
      .join('')}</tr>`;
  if (header.every(({ text }) => text === ''))
    return `<table><tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table>`;
  return `<table><thead>${row(header, 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table>`;
}

/** A text between tags or between double quotes. */
export function attribute(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
