import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix, relative } from 'node:path';
import { build, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slug } from '../../src/build/markdown.ts';
import { parseTrainSpec } from '../../src/jobs/trainSpec.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { basin, execute, ROOT } from './basin.ts';
import { launchBrowser, violations, withPage } from './browserPage.ts';
import { at, BLOCKS, DOCS_FILES, nameOf, ofKind, readDocs, tokensOf } from './docsBlocks.ts';
import { NODE_SCRIPTS, runScript } from './docsScripts.ts';
import { packed } from './packed.ts';
import { servedPages } from './servedPages.ts';

const require = createRequire(import.meta.url);
const { homepage } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { homepage: string };

describe('the texts', () => {
  test('have no block that is not checked without a reason', () => {
    const kinds = BLOCKS.map((block) => {
      const { language, words, unchecked } = block;
      if (unchecked) console.log(`${at(block)} is not checked: ${unchecked}`);
      return unchecked ? 'unchecked' : `${language} ${language === 'json' ? words[0] : ''}`.trim();
    });
    const known = ['ts', 'sh', 'json model.json', 'json train.json', 'unchecked'];
    expect(BLOCKS.filter((_, i) => !known.includes(kinds[i]!)).map(at)).toEqual([]);
    expect(kinds.filter((kind) => kind === 'ts').length).toBeGreaterThan(10);
  });

  test('lead to files and headings that there are', () => {
    const anchors = (file: string): string[] =>
      tokensOf(file).flatMap((token) =>
        token.type === 'heading' ? [slug((token.text as string).replace(/[`*]/g, ''))] : [],
      );
    const dead = DOCS_FILES.flatMap((file) =>
      tokensOf(file).flatMap((token) => {
        if (token.type !== 'link' && token.type !== 'image') return [];
        const href = token.href as string;
        const isSite = href.startsWith(homepage);
        if (/^https?:/.test(href) && !isSite) return [];
        const [path = '', anchor] = (isSite ? href.slice(homepage.length) : href).split('#');
        const own = posix.join(posix.dirname(file), path);
        // Of the site: its root is src/web, and what is made of it lies in dist/.
        const made = isSite ? path : relative('src/web', own);
        const isPage = /\.html$/.test(made);
        const target = isPage ? join(ROOT, 'dist', made) : join(ROOT, path === '' ? file : own);
        if (!existsSync(target)) return [`${file}: ${href}`];
        const named = (): boolean =>
          isPage
            ? readFileSync(target, 'utf8').includes(`id="${anchor}"`)
            : anchors(path === '' ? file : own).includes(anchor!);
        return anchor === undefined || named() ? [] : [`${file}: ${href}`];
      }),
    );
    expect(dead).toEqual([]);
  });

  test('give on the front page only what a page of the repository can show', () => {
    const pages = tokensOf('README.md').flatMap((token) =>
      token.type === 'link' && /^[^:]*\.html/.test(token.href as string) ? [token.href] : [],
    );
    expect(pages).toEqual([]);
    // The table of the claims is as long as they are many.
    const words = readDocs('README.md')
      .replace(/<!-- claims -->.*<!-- \/claims -->/s, '')
      .split(/\s+/)
      .filter((word) => /[\p{L}\p{N}]/u.test(word));
    expect(words.length).toBeLessThan(1200);
  });
});

test.each(ofKind('json').map((block) => [at(block), block] as const))(
  '%s is read by the product',
  (_, block) => {
    const { words, code } = block;
    if (words[0] === 'model.json') expect(parseModel('model.json', code).layers.length).toBeGreaterThan(0);
    else expect(parseTrainSpec(JSON.parse(code)).data).toBe('mnist');
  },
);

describe('shell commands', () => {
  /** Words of a line, quotes and the comment taken off. */
  const words = (line: string): string[] =>
    [...line.replace(/\s#.*$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  const lines = ofKind('sh').flatMap((block) =>
    block.code
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => ({ block, line })),
  );
  const commands = lines.filter(({ line }) => line.startsWith('basin '));

  test('of npm are scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const others = lines.filter(({ line }) => !line.startsWith('basin '));
    expect(others.length).toBeGreaterThan(0);
    for (const { block, line } of others) {
      for (const part of line.replace(/\s#.*$/, '').split('&&')) {
        const [program, verb, script] = words(part.trim());
        expect(['npm', 'node'], `${at(block)}: ${line}`).toContain(program);
        if (program === 'node') expect(existsSync(join(ROOT, verb!)), `${at(block)}: ${line}`).toBe(true);
        else if (verb === 'run') expect(Object.keys(scripts), `${at(block)}: ${line}`).toContain(script);
        else expect(['ci', 'install', 'test', 'pack'], `${at(block)}: ${line}`).toContain(verb);
      }
    }
  });

  test('of basin name commands and options that there are', async () => {
    const helps = new Map<string, Promise<string>>();
    const help = (command: readonly string[]): Promise<string> => {
      const name = command.join(' ');
      const made = helps.get(name) ?? basin([...command, '--help'], ROOT).then(({ stdout }) => stdout);
      helps.set(name, made);
      return made;
    };
    const hasCommand = (text: string, name: string): boolean => new RegExp(`^  ${name}\\b`, 'm').test(text);
    const unknown: string[] = [];
    for (const { block, line } of commands) {
      const [, first, second, ...rest] = words(line);
      if (first === undefined || !hasCommand(await help([]), first)) {
        unknown.push(`${at(block)}: ${line}`);
        continue;
      }
      const isNested =
        second !== undefined && !second.startsWith('-') && hasCommand(await help([first]), second);
      const text = await help(isNested ? [first, second] : [first]);
      const options = [second, ...rest].filter((word) => word?.startsWith('--'));
      for (const option of options) {
        if (!new RegExp(`${option}[ ,\\n]`).test(text)) unknown.push(`${at(block)}: ${option} of ${line}`);
      }
    }
    expect(unknown).toEqual([]);
    expect(commands.length).toBeGreaterThan(20);
  });

  const quick = commands.filter(({ block }) => block.words.includes('run'));
  test.each(quick.map(({ block, line }) => [`${at(block)}: ${line}`, line] as const))(
    '%s runs',
    async (_, line) => {
      const folder = mkdtempSync(join(tmpdir(), 'basin-docs-'));
      try {
        const { exitCode, stderr } = await basin([...words(line).slice(1)], folder);
        expect(exitCode, stderr).toBe(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

const PAGES = ofKind('ts', 'page');
const TESTS = ofKind('ts', 'playwright');

describe('programs, with the library installed from its tarball', () => {
  let folder: string;

  beforeAll(async () => {
    // Builds dist/ if it is stale.
    const { exitCode, stderr } = await basin(['--help'], ROOT);
    if (exitCode !== 0) throw new Error(stderr);
    folder = mkdtempSync(join(tmpdir(), 'basin-docs-'));
    const { install } = await packed();
    await install(folder, ['webgpu', '@types/node', '@playwright/test', 'playwright', 'playwright-core']);
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('pass the type checker in strict mode, with the declarations of all that they import', async () => {
    const sources = [
      ...NODE_SCRIPTS.map(({ block, code }) => [`${nameOf(block)}.ts`, code] as const),
      ...PAGES.map((block) => [`${nameOf(block)}.ts`, block.code] as const),
      ...TESTS.map((block) => [`${nameOf(block)}.spec.ts`, block.code] as const),
    ];
    for (const [name, code] of sources) writeFileSync(join(folder, name), code);
    const options = {
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
      target: 'es2022',
      module: 'nodenext',
      types: ['node'],
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: sources.map(([name]) => name) }),
    );
    const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
    const { stdout, exitCode } = await execute(process.execPath, [tsc, '-p', '.'], folder);
    expect(stdout).toBe('');
    expect(exitCode).toBe(0);
  });

  test.each(NODE_SCRIPTS.map((script) => [script.name, script] as const))(
    '%s runs under Node',
    async (_, script) => {
      await runScript(script, folder);
    },
  );

  test('run in pages that Vite builds', async () => {
    const names = PAGES.map(nameOf);
    for (const name of names) {
      writeFileSync(
        join(folder, `${name}.html`),
        `<!doctype html><title>${name}</title><link rel="icon" href="data:,"><body></body><script type="module" src="./${name}.ts"></script>`,
      );
    }
    const config = { root: folder, configFile: false as const, logLevel: 'warn' as const };
    const input = names.map((name) => join(folder, `${name}.html`));
    await build({ ...config, build: { target: 'es2022', rollupOptions: { input } } });
    const server = await preview({ ...config, preview: { port: 0 } });
    const browser = await launchBrowser();
    try {
      const origin = new URL(server.resolvedUrls!.local[0]!).origin;
      for (const name of names) {
        await withPage(browser, origin, async (page) => {
          const done = page.waitForEvent('console', (message) => message.text().startsWith('done'));
          await page.goto(`${origin}/${name}.html`);
          expect((await done).text()).toMatch(/^done .*\d/);
        });
      }
    } finally {
      await browser.close();
      await server.close();
    }
    expect(names.length).toBeGreaterThan(1);
  });

  test('are tests that Playwright runs', async () => {
    expect(TESTS.length).toBeGreaterThan(0);
    const { stdout, stderr, exitCode } = await execute(
      process.execPath,
      [require.resolve('@playwright/test/cli'), 'test', '--reporter=line'],
      folder,
    );
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stdout).toMatch(new RegExp(`${TESTS.length} passed`));
  });
});

describe('the pages of the documentation', () => {
  const served = servedPages();
  const pages = DOCS_FILES.slice(1).map((file) => relative('src/web', file).replace(/\.md$/, '.html'));

  test('hold a strict policy: no script, no style of their own, nothing that axe finds', async () => {
    const { origin } = served.server;
    for (const [i, path] of pages.entries()) {
      const html = readFileSync(join(ROOT, 'dist', path), 'utf8');
      expect(html, path).not.toMatch(/<script|<style|\sstyle=|\son\w+=/);
      const options = {
        viewport: { width: i % 2 ? 390 : 1280, height: 900 },
        colorScheme: i % 3 ? ('light' as const) : ('dark' as const),
      };
      await withPage(
        served.browser,
        origin,
        async (page) => {
          await page.goto(`${origin}/${path}`);
          expect(
            await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
            path,
          ).toBeLessThanOrEqual(0);
          expect(await violations(page), path).toEqual([]);
        },
        options,
      );
    }
  });

  test('are led to from the other pages, and name every public entry', async () => {
    const { origin } = served.server;
    await withPage(served.browser, origin, async (page) => {
      await page.goto(`${origin}/index.html`);
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Docs' }).click();
      await page.getByRole('link', { name: 'API, by name' }).click();
      await page.getByRole('heading', { name: 'Basin: the library by name' }).waitFor();
      expect(page.url()).toContain('/docs/api/');
    });
  });
});
