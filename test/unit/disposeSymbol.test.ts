import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build, type Rollup, transformWithEsbuild } from 'vite';
import { expect, test } from 'vitest';
import { wgslPlugin } from '../../src/build/wgslPlugin.ts';

const source = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)), 'utf8');

test('a browser without Symbol.dispose gets the one that compiled `using` looks for, others keep theirs', async () => {
  const { code } = await transformWithEsbuild(source('gpu/disposeSymbol.ts'), 'disposeSymbol.ts');
  const context = createContext({});
  const without = runInContext(
    'globalThis.Symbol = Object.assign(() => {}, { for: Symbol.for }); Symbol.dispose',
    context,
  );
  expect(without).toBeUndefined();
  runInContext(code, context);
  expect(runInContext("Symbol.dispose === Symbol.for('Symbol.dispose')", context)).toBe(true);
  runInContext('Symbol.dispose = 7', context);
  runInContext(code, context);
  expect(runInContext('Symbol.dispose', context)).toBe(7);
});

test('a build keeps it, though nothing is taken from it', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const config = { configFile: false as const, root, logLevel: 'silent' as const, publicDir: false as const };
  const lib = { entry: `${root}src/engine.ts`, formats: ['es' as const] };
  const built = (await build({
    ...config,
    plugins: [wgslPlugin()],
    build: { write: false, lib },
  })) as Rollup.RollupOutput[];
  const code = built
    .flatMap(({ output }) => output)
    .map((chunk) => ('code' in chunk ? chunk.code : ''))
    .join('');
  expect(code.includes('Symbol.for("Symbol.dispose")')).toBe(true);
}, 60_000);

test('the entries make it before they import a class', () => {
  for (const entry of ['engine.ts', 'index.ts', 'jobs.ts', 'node.ts']) {
    const [first] = source(entry).match(/^(?:import|export) .*?'[^']+';/ms) ?? [];
    expect(first, entry).toBe("import './gpu/disposeSymbol.ts';");
  }
});
