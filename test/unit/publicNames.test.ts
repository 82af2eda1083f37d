import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRIES = ['index', 'engine', 'node', 'jobs', 'playwright'].map((name) => `${ROOT}src/${name}.ts`);

interface PublicName {
  /** With its namespace, as a user writes it. */
  readonly name: string;
  readonly isValue: boolean;
  readonly documented: boolean;
}

/** What an entry exports, and what its namespaces do. */
function publicNames(entries: readonly string[]): Map<string, PublicName[]> {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const ambient = ['gpu/wgsl.d.ts', 'build/version.d.ts', 'build/wgslReflect.d.ts'];
  const files = [...entries, ...ambient.map((name) => `${ROOT}src/${name}`)];
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  const namesOf = (module: ts.Symbol, prefix: string): PublicName[] =>
    checker.getExportsOfModule(module).flatMap((exported) => {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
      if (symbol.flags & ts.SymbolFlags.ValueModule) return namesOf(symbol, `${prefix}${exported.name}.`);
      // What another package documents, as Playwright its `expect`.
      const isForeign = symbol.declarations?.every((of) =>
        of.getSourceFile().fileName.includes('node_modules'),
      );
      const documented = isForeign || symbol.getDocumentationComment(checker).length > 0;
      const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0;
      return [{ name: prefix + exported.name, isValue, documented }];
    });
  return new Map(
    entries.map((entry) => [entry, namesOf(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!, '')]),
  );
}

test('every public name says what it is, and few stand outside of a namespace', () => {
  const names = publicNames(ENTRIES);
  for (const [entry, of] of names) {
    expect(
      of.filter(({ documented }) => !documented).map(({ name }) => name),
      entry,
    ).toEqual([]);
  }
  const values = names.get(ENTRIES[0]!)!.filter(({ isValue }) => isValue);
  expect(values.length).toBeGreaterThan(100);
  expect(values.filter(({ name }) => !name.includes('.')).length).toBeLessThanOrEqual(20);
}, 60_000);
