import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { apiReference } from './src/build/apiReference.ts';
import { article } from './src/build/article.ts';
import { builtinData } from './src/build/builtinData.ts';
import { bundles } from './src/build/bundles.ts';
import { claimResults } from './src/build/claimResults.ts';
import { docs } from './src/build/docs.ts';
import { endWithLauncher } from './src/build/endWithLauncher.ts';
import { licences } from './src/build/licences.ts';
import { offline } from './src/build/offline.ts';
import { pageHeads } from './src/build/pageHead.ts';
import { plotOffset } from './src/build/plotOffset.ts';
import { quiet } from './src/build/quiet.ts';
import { reproductionReport } from './src/build/reproductionReport.ts';
import { resultSummary } from './src/build/resultSummary.ts';
import { wgslPlugin } from './src/build/wgslPlugin.ts';
import { zodWithoutEval } from './src/build/zodWithoutEval.ts';
import { chromiumFlags } from './src/cli/chromiumFlags.ts';
import { fingerprint, SOURCES, writeStamp } from './src/cli/distStamp.mjs';
import { findBrowser } from './src/cli/findBrowser.ts';
import { ARTICLE } from './src/experiments/article.ts';
import { claimAnswers } from './src/experiments/reproduction/claimAnswers.ts';
import { CONTENT_POLICY } from './src/host/contentPolicy.ts';
import { DOCS } from './src/web/docs/contents.ts';
import { SITE_PAGES } from './src/web/sitePages.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const { version, repository } = JSON.parse(
  readFileSync(new URL('package.json', import.meta.url), 'utf8'),
) as {
  version: string;
  repository: { url: string };
};

/** Where the build goes: the launcher makes it elsewhere, and puts it in the place of dist/ when it is whole. */
const dist = process.env.BASIN_DIST ?? `${root}dist`;

/** Vite's modes under Vitest: `npm test` and `npm run test:long`. */
const isTesting = (mode: string): boolean => mode === 'test' || mode === 'long';

/** The documentation: where its pages lead. */
const DOCS_SITE = {
  pages: SITE_PAGES,
  parts: DOCS,
  repository: repository.url.replace(/^git\+|\.git$/g, ''),
  folder: 'src/web/docs',
};

/** What git says; null in a copy of the sources that is no checkout, or without git. */
function git(...args: string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** Put into what is built. */
const DEFINED = {
  __BASIN_VERSION__: JSON.stringify(version),
  __BASIN_COMMIT__: JSON.stringify(git('rev-parse', 'HEAD')),
  __BASIN_CHANGED__: JSON.stringify(!!git('--no-optional-locks', 'status', '--porcelain', '--', ...SOURCES)),
};

/**
 * The tests of a folder. What takes long is in files `….long.test.ts`, what takes minutes in `….longest.test.ts`: `npm run test:long`
 * (mode 'long') is those alone, `npm test`, in CI too, the others.
 */
function suite(mode: string, folder: string): { include: string[]; exclude: string[] } {
  const named = (kind: string): string => `test/${folder}/**/*.${kind}test.ts`;
  const long = [named('long.'), named('longest.')];
  return mode === 'long' ? { include: long, exclude: [] } : { include: [named('')], exclude: long };
}

/** Last of all: what the build is of, so that the command line takes it as it is. */
function stamp(): Plugin {
  let before = '';
  return {
    name: 'basin:stamp',
    apply: (_config, { command }) => command === 'build',
    buildStart() {
      before ||= fingerprint(root);
    },
    closeBundle: { sequential: true, order: 'post', handler: () => writeStamp(dist, before) },
  };
}

/** The verdicts of the results that come with the pages; none where there are no results. */
function answers(): ReturnType<typeof claimAnswers> {
  const file = `${root}bench/results/reproduction/results.json`;
  return existsSync(file) ? claimAnswers(JSON.parse(readFileSync(file, 'utf8'))) : new Map();
}

const licenceList = licences();

/** `npm run dev` and `npm run build` are the pages; the library and the command line are built after them. */
export default defineConfig(({ mode, command }) => {
  // What is built is what users get, where a test has it built too (under Vitest this is 'test').
  if (command === 'build') process.env.NODE_ENV = 'production';
  return {
    root: isTesting(mode) ? root : `${root}src/web`,
    base: './',
    define: DEFINED,
    plugins: [
      endWithLauncher(),
      claimResults(`${root}bench/results/reproduction`),
      wgslPlugin(),
      resultSummary(),
      plotOffset(),
      zodWithoutEval(),
      article(`${root}src/web/article/article.md`, ARTICLE, answers),
      pageHeads(SITE_PAGES, `${root}src/web/page.css`),
      licenceList.pages,
      reproductionReport(`${root}bench/results/reproduction/report.html`),
      !isTesting(mode) && offline(`${root}src/web/serviceWorker.js`),
      !isTesting(mode) && builtinData(`${root}.cache`),
      !isTesting(mode) && docs(`${root}src/web/docs`, `${root}src/web/page.css`, DOCS_SITE),
      !isTesting(mode) &&
        apiReference(
          root,
          dist,
          ['index', 'node', 'engine', 'jobs', 'playwright'].map((name) => `src/${name}.ts`),
        ),
      bundles(root, dist),
      stamp(),
    ],
    // Found late, a dependency makes Vite reload the page in the middle of a test, or of a run under `npm run dev`.
    optimizeDeps: {
      include: [
        'zod',
        'fflate',
        'idb',
        'wgsl_reflect/wgsl_reflect.module.js',
        ...['commands', 'language', 'lint', 'state', 'view'].map((part) => `@codemirror/${part}`),
        '@lezer/highlight',
      ],
    },
    worker: { format: 'es' as const, plugins: () => [wgslPlugin(), zodWithoutEval(), licenceList.worker()] },
    preview: { headers: { 'content-security-policy': CONTENT_POLICY } },
    build: {
      outDir: dist,
      emptyOutDir: true,
      // A strict content security policy has no place for what stands in an address.
      assetsInlineLimit: 0,
      target: 'es2022',
      // All kernels for reading are one chunk, loaded when one is looked at.
      chunkSizeWarningLimit: 1000,
      reportCompressedSize: false,
      rollupOptions: {
        input: ['index', 'experiments', 'lab', 'measure', 'landscape', 'runs', 'bench', 'job'].map(
          (page) => `${root}src/web/${page}.html`,
        ),
        onwarn: quiet,
      },
    },
    test: {
      // A test that asserts nothing fails.
      expect: { requireAssertions: true },
      projects: [
        {
          extends: true as const,
          test: { name: 'unit', ...suite(mode, 'unit'), environment: 'node' },
        },
        {
          extends: true as const,
          test: {
            name: 'gpu',
            ...suite(mode, 'gpu'),
            isolate: false,
            fileParallelism: false,
            testTimeout: 60_000,
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({
                launchOptions: {
                  executablePath: isTesting(mode) ? findBrowser({ install: true }).path : undefined,
                  args: chromiumFlags({ software: true }),
                },
              }),
              instances: [{ browser: 'chromium' as const }],
            },
          },
        },
        {
          extends: true as const,
          test: {
            name: 'fuzz',
            ...suite(mode, 'fuzz'),
            environment: 'node',
          },
        },
        {
          extends: true as const,
          test: {
            name: 'conformance',
            ...suite(mode, 'conformance'),
            environment: 'node',
            globalSetup: 'test/builtOnce.ts',
            testTimeout: 120_000,
          },
        },
        {
          extends: true as const,
          test: {
            name: 'e2e',
            ...suite(mode, 'e2e'),
            environment: 'node',
            testTimeout: 120_000,
            globalSetup: ['test/builtOnce.ts', 'test/leavesNothing.ts'],
            hookTimeout: 120_000,
            // A page on a busy machine takes more than the second that is the default.
            expect: { poll: { timeout: 30_000 } },
            // After all others, and two at once: each waits much for a process of its own.
            sequence: { groupOrder: 1 },
            maxWorkers: 2,
          },
        },
      ],
    },
  };
});
