import { readFile, writeFile } from 'node:fs/promises';
import ts from 'typescript';

/**
 * Writes out, in files of declarations, the types that are computed from a schema (`type TrainSpec = z.input<typeof schema>` becomes
 * the object type that it is): who reads them needs neither the schema's library nor its declarations.
 */
export async function plainTypes(files: readonly string[]): Promise<void> {
  const texts = await Promise.all(files.map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
  const computed = texts.filter(({ text }) => text.includes("from 'zod'"));
  const program = ts.createProgram(
    computed.map(({ path }) => path),
    {
      allowImportingTsExtensions: true,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      noEmit: true,
      strict: true,
      types: [],
    },
  );
  await Promise.all(
    computed.map(({ path, text }) =>
      writeFile(path, withPlainTypes(program, program.getSourceFile(path)!, text)),
    ),
  );
}

function withPlainTypes(program: ts.Program, file: ts.SourceFile, text: string): string {
  const checker = program.getTypeChecker();
  const printer = ts.createPrinter();
  const flags =
    ts.NodeBuilderFlags.NoTruncation |
    ts.NodeBuilderFlags.InTypeAlias |
    ts.NodeBuilderFlags.UseSingleQuotesForStringLiteralType;
  return file.statements
    .filter((statement) => ts.isTypeAliasDeclaration(statement))
    .filter(({ type }) => /\bz\./.test(type.getText(file)))
    .toReversed()
    .reduce((written, alias) => {
      const node = checker.typeToTypeNode(checker.getTypeAtLocation(alias.name), alias, flags)!;
      const plain = printer.printNode(ts.EmitHint.Unspecified, node, file);
      return written.slice(0, alias.type.getStart(file)) + plain + written.slice(alias.type.end);
    }, text);
}
