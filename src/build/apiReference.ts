import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Plugin } from 'vite';
import { CONTENT_POLICY } from '../host/contentPolicy.ts';

const require = createRequire(import.meta.url);

const POLICY = `<meta http-equiv="content-security-policy" content="${CONTENT_POLICY}"/>`;

/** What TypeDoc writes into each page: the theme, before anything is drawn. It becomes a file, for a strict content security policy. */
const INLINE = /<script>([^<]+)<\/script>/g;

/**
 * `docs/api`: every public name with its docstring, by TypeDoc, made by a process of its own while the other builds run. What TypeDoc
 * warns of fails the build.
 * @param root of the checkout
 * @param entries from the root
 */
export function apiReference(root: string, dist: string, entries: readonly string[]): Plugin {
  const out = join(dist, 'docs', 'api');
  const made = join(root, '.cache', `api-${process.pid}`);
  let making: Promise<void> | undefined;
  return {
    name: 'basin:api',
    apply: (_config, { command }) => command === 'build',
    buildStart() {
      making ??= make(root, made, entries);
      // Told in closeBundle; a rejection in between is no unhandled one.
      making.catch(() => {});
    },
    closeBundle: {
      sequential: true,
      order: 'post',
      async handler() {
        await making;
        await copyPages(made, out);
        await rm(made, { recursive: true });
      },
    },
  };
}

async function make(root: string, out: string, entries: readonly string[]): Promise<void> {
  await mkdir(dirname(out), { recursive: true });
  const options = {
    name: 'Basin: the library by name',
    entryPoints: entries.map((entry) => join(root, entry)),
    tsconfig: join(root, 'tsconfig.json'),
    out,
    plugin: ['typedoc-plugin-missing-exports'],
    internalModule: 'types',
    readme: join(root, 'src/build/apiStart.md'),
    kindSortOrder: ['Module', 'Namespace', 'Function', 'Class', 'Variable', 'Interface', 'TypeAlias'],
    favicon: join(root, 'src/web/public/icon.svg'),
    treatWarningsAsErrors: true,
    // Its first page leads to pages of the site, which are no files of the sources.
    validation: { invalidPath: false },
    logLevel: 'Warn',
    // The type checker runs by itself.
    skipErrorChecking: true,
    excludeExternals: true,
    excludePrivate: true,
    disableSources: true,
    githubPages: false,
    navigationLinks: { Docs: '../index.html' },
  };
  const file = `${out}.json`;
  await writeFile(file, JSON.stringify(options));
  const typedoc = join(dirname(require.resolve('typedoc/package.json')), 'bin', 'typedoc');
  try {
    await promisify(execFile)(process.execPath, [typedoc, '--options', file], { cwd: root });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`TypeDoc, of the library's reference:\n${stdout}${stderr}`);
  } finally {
    await rm(file);
  }
}

/** Where TypeDoc's script makes a `<style>` for its filters, which the policy refuses, and what it may do instead. */
const FILTERS = 'document.head.appendChild(document.createElement("style"))';
const SHEET =
  '(()=>{const sheet=new CSSStyleSheet();document.adoptedStyleSheets.push(sheet);let rules="";' +
  'return{dataset:{},get innerHTML(){return rules},set innerHTML(text){rules=text;sheet.replaceSync(text)}}})()';

/** All files; pages get the site's content security policy, and scripts that stand in them become files beside TypeDoc's own. */
async function copyPages(from: string, to: string): Promise<void> {
  const scripts = new Map<string, string>();
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((found) => found.isFile())) {
    const source = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, source));
    await mkdir(dirname(target), { recursive: true });
    const bytes = await readFile(source);
    if (entry.name === 'main.js') {
      const script = bytes.toString('utf8');
      if (!script.includes(FILTERS))
        throw new Error('TypeDoc’s script no longer has a style for its filters');
      await writeFile(
        target,
        script.replace(FILTERS, () => SHEET),
      );
      continue;
    }
    if (!entry.name.endsWith('.html')) {
      await writeFile(target, bytes);
      continue;
    }
    const text = bytes.toString('utf8').replace('<head>', `<head>${POLICY}`);
    const page = text.replace(INLINE, (_, script: string) => {
      const name = scripts.get(script) ?? `inline-${scripts.size}.js`;
      scripts.set(script, name);
      return `<script src="${relative(dirname(target), join(to, 'assets', name))}"></script>`;
    });
    await writeFile(target, page);
  }
  for (const [script, name] of scripts) await writeFile(join(to, 'assets', name), script);
}
