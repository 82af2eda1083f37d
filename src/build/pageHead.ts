import type { Plugin } from 'vite';
import { CONTENT_POLICY } from '../host/contentPolicy.ts';
import { emitStyle } from './emitStyle.ts';

/** Where the pages' files lie below a page: `'../'` for each folder that it is in. */
type Up = string;

export interface PageHead {
  /** The address of the site's icon from the page. */
  readonly icon: string;
  readonly stylesheets: readonly string[];
  /** Whether the page is under the site's content security policy; under `npm run dev` Vite puts styles into pages. */
  readonly policy: boolean;
}

/** What the head of every page begins with. */
export function pageHead({ icon, stylesheets, policy }: PageHead): string {
  return [
    '<meta charset="utf-8" />',
    ...(policy ? [`<meta http-equiv="content-security-policy" content="${CONTENT_POLICY}" />`] : []),
    '<meta name="viewport" content="width=device-width, initial-scale=1" />',
    '<meta name="color-scheme" content="light dark" />',
    `<link rel="icon" type="image/svg+xml" href="${icon}" />`,
    ...stylesheets.map((sheet) => `<link rel="stylesheet" href="${sheet}" />`),
  ].join('\n    ');
}

/** The way from a page to the others. @param current the page's own name */
export function siteNav(
  pages: readonly { readonly href: string; readonly name: string }[],
  current: string,
  up: Up,
): string {
  const links = pages.map(
    ({ href, name }) => `<a href="${up}${href}"${name === current ? ' aria-current="page"' : ''}>${name}</a>`,
  );
  return `<nav class="pages" aria-label="Pages">${links.join('')}</nav>`;
}

/**
 * Gives the pages of the site, which say in their own heads only what is theirs, the head that all have, the stylesheet of all before those
 * of a page's own; where one has `<!--pages-->`, the way to the others (those that are drawn by a script have it from there).
 * @param pageCss the stylesheet of all pages
 */
export function pageHeads(pages: Parameters<typeof siteNav>[0], pageCss: string): Plugin[] {
  let sheet = 'page.css';
  let policy = false;
  return [
    {
      name: 'basin:page-heads',
      configResolved: ({ command }) => {
        policy = command === 'build';
      },
      async generateBundle() {
        sheet = await emitStyle(this, pageCss);
      },
      transformIndexHtml: {
        order: 'pre',
        handler(html, { path }) {
          // Those of the documentation are whole.
          if (path.startsWith('/docs/')) return html;
          const head = /<head>\n/;
          if (!head.test(html)) throw new Error(`${path} has no head to put the site's into`);
          const name = pages.find(({ href }) => `/${href}` === path)?.name ?? '';
          return html
            .replace(
              head,
              `<head>\n    ${pageHead({ icon: '/icon.svg', stylesheets: [], policy })}\n    <!--style-->\n`,
            )
            .replace('<!--pages-->', siteNav(pages, name, './'));
        },
      },
    },
    {
      name: 'basin:page-style',
      // When it has its name. Vite would put it behind the styles of a page's own.
      transformIndexHtml: {
        order: 'post',
        handler: (html) => html.replace('<!--style-->', `<link rel="stylesheet" href="./${sheet}" />`),
      },
    },
  ];
}
