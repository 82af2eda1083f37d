import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Plugin } from 'vite';
import { type DocsSite, docsPage, htmlPath } from './docsPage.ts';
import { emitStyle } from './emitStyle.ts';

/** Where the pages of the documentation lie on the site. */
const AT = 'docs';

/**
 * The pages of the documentation, `docs/<name>.html`, from the Markdown beside the pages' sources: in a build, and on the fly in
 * `npm run dev`, where a page is loaded again when its text is written.
 * @param folder with the Markdown and `docs.css`
 * @param pageCss the stylesheet of all pages
 */
export function docs(folder: string, pageCss: string, site: DocsSite): Plugin {
  return {
    name: 'basin:docs',
    async generateBundle() {
      const sheets = await Promise.all(
        [pageCss, join(folder, 'docs.css')].map((file) => emitStyle(this, file)),
      );
      const texts = readTexts(folder, site);
      for (const file of texts.keys()) {
        const source = docsPage(site, file, texts, sheets);
        this.emitFile({ type: 'asset', fileName: `${AT}/${htmlPath(file)}`, source });
      }
    },
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const path = request.url?.split('?', 1)[0] ?? '';
        if (path.startsWith(`/${AT}/api/`)) {
          response.statusCode = 404;
          response.end('`npm run build` makes the reference of the API; it lies in dist/docs/api then.');
          return;
        }
        const name = path === `/${AT}/` ? 'index' : /^\/docs\/(.+)\.html$/.exec(path)?.[1];
        if (name === undefined) return next();
        try {
          const texts = readTexts(folder, site);
          if (!texts.has(`${name}.md`)) return next();
          const page = docsPage(site, `${name}.md`, texts, ['page.css', `${AT}/docs.css`]);
          response.setHeader('content-type', 'text/html; charset=utf-8');
          response.end(await server.transformIndexHtml(path, page));
        } catch (error) {
          next(error);
        }
      });
      server.watcher.on('change', (file) => {
        if (file.startsWith(folder + sep) && file.endsWith('.md')) server.ws.send({ type: 'full-reload' });
      });
    },
  };
}

/**
 * The text of each file of the documentation.
 * @throws Error where the contents name a file that is not there, or a file is in no part of the contents
 */
function readTexts(folder: string, site: DocsSite): Map<string, string> {
  const listed = site.parts.flatMap(({ files }) => files);
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(sep).join('/'))
    .filter((name) => name.endsWith('.md'));
  const amiss = [...listed.filter((f) => !found.includes(f)), ...found.filter((f) => !listed.includes(f))];
  if (amiss.length > 0)
    throw new Error(`the documentation's contents and its folder differ in ${amiss.join(', ')}`);
  return new Map(listed.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}
