import { posix } from 'node:path';
import { attribute, type Heading, renderMarkdown } from './markdown.ts';
import { pageHead, siteNav } from './pageHead.ts';

export interface SitePage {
  /** From the site's root. */
  readonly href: string;
  readonly name: string;
}

/** What all pages of the documentation share. */
export interface DocsSite {
  /** Pages of the site: those that a page of the documentation leads to, itself among them. */
  readonly pages: readonly SitePage[];
  /** The parts of the documentation in their order: heading, and files from the documentation's folder. */
  readonly parts: readonly { readonly name: string; readonly files: readonly string[] }[];
  /** Where files of the repository are read. */
  readonly repository: string;
  /** The documentation's folder in the repository. */
  readonly folder: string;
}

/**
 * A page of the documentation, from its Markdown: no script, no style of its own, so that it holds under the content security policy
 * `default-src 'self'`.
 * @param file from the documentation's folder: `examples/sweep.md`
 * @param text of each file of the documentation
 * @param stylesheets from the site's root
 */
export function docsPage(
  site: DocsSite,
  file: string,
  text: ReadonlyMap<string, string>,
  stylesheets: readonly string[],
): string {
  const up = '../'.repeat(file.split('/').length);
  const { title, headings, html } = renderMarkdown(file, text.get(file)!, (href) =>
    siteLink(site, file, href),
  );
  return `<!doctype html>
<html lang="en">
  <head>
    ${pageHead({ icon: `${up}icon.svg`, stylesheets: stylesheets.map((sheet) => up + sheet), policy: true })}
    <title>${attribute(title)} · Basin</title>
  </head>
  <body class="docs">
    <header><p class="site">Basin</p>${siteNav(site.pages, 'Docs', up)}<a class="to-contents" href="#contents">Contents</a></header>
    <div class="book">
      <main>
${html}
      </main>
      <aside class="contents" id="contents">
        <nav aria-label="Documentation">
${contents(site, file, text, headings)}
        </nav>
      </aside>
    </div>
  </body>
</html>
`;
}

/** The parts with their pages, the current one with its headings. */
function contents(
  site: DocsSite,
  current: string,
  text: ReadonlyMap<string, string>,
  headings: readonly Heading[],
): string {
  const pageItem = (file: string): string => {
    const name = attribute(titleOf(file, text));
    if (file !== current) return `<li><a href="${htmlPath(relativeTo(current, file))}">${name}</a></li>`;
    const inner = headings
      .filter(({ depth }) => depth === 2)
      .map(({ id, html }) => `<li><a href="#${id}">${html.replace(/<\/?a\b[^>]*>/g, '')}</a></li>`);
    const list = inner.length > 0 ? `<ul>${inner.join('')}</ul>` : '';
    return `<li><a href="#${headings[0]!.id}" aria-current="page">${name}</a>${list}</li>`;
  };
  return site.parts
    .map(
      ({ name, files }) =>
        `<h2>${name}</h2><ul>${files.map(pageItem).join('')}${apiItem(current, name)}</ul>`,
    )
    .join('\n');
}

/** The API's reference is made from the sources, in a folder of its own. */
function apiItem(current: string, part: string): string {
  return part === 'Reference'
    ? `<li><a href="${relativeTo(current, 'api/index.html')}">API, by name</a></li>`
    : '';
}

function titleOf(file: string, text: ReadonlyMap<string, string>): string {
  return /^# (.+)$/m.exec(text.get(file) ?? '')?.[1]?.replace(/`/g, '') ?? file;
}

/** Where a link of a file leads: to the page of another file, or to what the repository holds. */
function siteLink(site: DocsSite, file: string, href: string): string {
  if (/^([a-z]+:|#)/.test(href)) return href;
  const [path, anchor] = href.split('#') as [string, string?];
  const target = posix.normalize(posix.join(posix.dirname(file), path));
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (!target.startsWith('..') || site.pages.some(({ href: page }) => target === `../${page}`))
    return htmlPath(path) + hash;
  return `${site.repository}/blob/main/${posix.join(site.folder, target)}${hash}`;
}

const relativeTo = (from: string, to: string): string => posix.relative(posix.dirname(from), to);

/** `x.md` is `x.html` on the site. */
export const htmlPath = (path: string): string => path.replace(/\.md$/, '.html');
