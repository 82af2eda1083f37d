import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { expect, test } from 'vitest';
import { docs } from '../../src/build/docs.ts';
import { type DocsSite, docsPage } from '../../src/build/docsPage.ts';
import { renderMarkdown } from '../../src/build/markdown.ts';
import * as ops from '../../src/library/ops.ts';
import { DOCS } from '../../src/web/docs/contents.ts';
import { SITE_PAGES } from '../../src/web/sitePages.ts';

const render = (text: string) => renderMarkdown('x.md', text, (href) => href);
const site: DocsSite = {
  pages: SITE_PAGES,
  parts: [{ name: 'Start', files: ['index.md', 'deep/er.md'] }],
  repository: 'https://example.org/basin',
  folder: 'src/web/docs',
};
const texts = new Map([
  ['index.md', '# Home\n\nSee [deeper](deep/er.md#there).'],
  [
    'deep/er.md',
    '# Deeper\n\n## There\n\n[Home](../index.md), [a file](../../../../bench/x.json), [out](https://a.org).',
  ],
]);

test('headings have the anchors that repository pages give them', () => {
  const { title, headings } = render("# `measure`, at one point\n\n## H·v and B_noise: what's new?\n");
  expect(title).toBe('measure, at one point');
  expect(headings.map(({ id }) => id)).toEqual(['measure-at-one-point', 'hv-and-b_noise-whats-new']);
});

test('code is coloured by classes, and escaped', () => {
  const html = (language: string, code: string): string =>
    render(`# T\n\n\`\`\`${language} run\n${code}\n\`\`\``).html;
  expect(html('ts', 'const a = "<b>";')).toContain('<span class="hljs-string">&quot;&lt;b&gt;&quot;</span>');
  expect(html('wgsl', 'fn f(x: vec4f) -> f32 { return 1.5f; } // <')).toMatch(
    /hljs-keyword">fn<.*hljs-type">vec4f<.*hljs-number">1\.5f<.*hljs-comment">\/\/ &lt;</,
  );
  expect(html('text', '<i>')).toContain('&lt;i&gt;');
});

test.each([
  ['raw HTML', '# T\n\n<script>alert(1)</script>'],
  ['raw HTML', '# T\n\na <b>word</b>'],
  ['an image', '# T\n\n![a](b.png)'],
  ['no colours for the language cobol', '# T\n\n```cobol\nx\n```'],
  ['two headings of the anchor #a', '# T\n\n## A\n\n## a'],
  ['no heading', 'text'],
])('%s is refused, naming the file', (reason, text) => {
  expect(() => render(text)).toThrow(`x.md: ${reason}`);
});

test('a page leads to pages of the site from its own folder, and to files of the repository there', () => {
  const page = docsPage(site, 'deep/er.md', texts, ['assets/docs.css']);
  for (const link of [
    'href="../../assets/docs.css"',
    'href="../../bench.html"',
    'href="../index.html">Home',
    'href="https://example.org/basin/blob/main/bench/x.json"',
    'href="https://a.org"',
    'href="#there">There</a>',
  ]) {
    expect(page).toContain(link);
  }
  expect(docsPage(site, 'index.md', texts, [])).toContain('href="deep/er.html#there"');
});

test('pages, their style and nothing else are served while they are written', async () => {
  const web = fileURLToPath(new URL('../../src/web', import.meta.url));
  const server = await createServer({
    root: web,
    configFile: false,
    logLevel: 'silent',
    plugins: [docs(`${web}/docs`, `${web}/page.css`, { ...site, parts: DOCS })],
    server: { port: 0 },
  });
  try {
    await server.listen();
    const get = async (path: string, accept = 'text/html'): Promise<Response> =>
      fetch(new URL(path, server.resolvedUrls!.local[0]), { headers: { accept } });
    for (const { files } of DOCS) {
      for (const file of files) {
        const path = `docs/${file.replace(/md$/, 'html')}`;
        expect(await (await get(path)).text(), path).toContain('<aside class="contents"');
      }
    }
    expect(await (await get('docs/')).text()).toContain('<h1 id="documentation">');
    expect((await get('docs/docs.css', 'text/css')).headers.get('content-type')).toContain('text/css');
    expect((await get('icon.svg')).headers.get('content-type')).toContain('image/svg');
    expect((await get('docs/api/index.html')).status).toBe(404);
  } finally {
    await server.close();
  }
});

test("the library's page has every op in its tables", () => {
  const text = readFileSync(new URL('../../src/web/docs/library.md', import.meta.url), 'utf8');
  const section = /^## Ops$([\s\S]*?)^## /m.exec(text)![1]!;
  const named = new Set([...section.matchAll(/`(\w+)/g)].map(([, name]) => name!));
  expect(Object.keys(ops).length).toBeGreaterThan(80);
  expect(Object.keys(ops).filter((name) => !named.has(name))).toEqual([]);
});

test('the runs that PyTorch made are counted as they are', () => {
  const root = new URL('../../', import.meta.url);
  const cases = new URL('test/fixtures/cases/', root);
  const steps = readdirSync(cases)
    .filter((name) => name.startsWith('train-'))
    .map((name) => JSON.parse(readFileSync(new URL(`${name}/train.json`, cases), 'utf8')).steps as number);
  const told = `a test meets ${steps.length} runs of ${Math.min(...steps)} to ${Math.max(...steps)} steps that PyTorch made`;
  expect(readFileSync(new URL('src/web/docs/train.md', root), 'utf8')).toContain(told);
});

test('the command line’s page names every benchmark', () => {
  const root = new URL('../../', import.meta.url);
  const page = readFileSync(new URL('src/web/docs/commandLine.md', root), 'utf8');
  // Not those with options of their own, the default one and a hidden one.
  const commands = readdirSync(new URL('src/cli/commands/', root)).flatMap((file) => {
    const text = readFileSync(new URL(`src/cli/commands/${file}`, root), 'utf8');
    return [...text.matchAll(/\bbench\s*\.command\('([\w-]+)'\)/g)].map(([, name]) => name!);
  });
  expect(commands.length).toBeGreaterThan(3);
  expect(commands.filter((name) => !page.includes(`basin bench ${name}`))).toEqual([]);
});
