import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect } from 'vitest';
import { execute, ROOT } from './basin.ts';
import { at, type Block, nameOf, ofKind, wordOf } from './docsBlocks.ts';

/** A program of the texts: a block, with those that go on from it. */
export interface Script {
  readonly name: string;
  readonly block: Block;
  readonly code: string;
}

/** What a script prints, by the text that has it; of the others only that they end well, silent on standard error. */
const PRINTS: Readonly<Record<string, readonly RegExp[]>> = {
  // Six replicas at two steps, two estimates, |Hg|.
  'README.md': [
    /^(0\.\d+ \d [36]0 \d\.\d+\n){12}/,
    /(value: \d[\s\S]*?interval: \[[\s\S]*?){2}/,
    /\d\.\d+(e-\d+)?\n$/,
  ],
  // What PyTorch finds in float64: test/fixtures/cases/measure-200-examples/expected.json.
  'src/web/docs/examples/checkpoint.md': [/bSimple 13\.6/, /epsMax 0\.731/],
  'src/web/docs/examples/ownKernel.md': [
    /adjoint: \d\.\d+e-\d+/,
    /mine \d+\.\d+ ms, Basin's \d+/,
    /1 dispatch .*[\s\S]*2 dispatches /,
  ],
  'src/web/docs/examples/hessianProduct.md': [/^loss \d\.\d+\n/, /linear\(/, /\d dispatches /],
  // Three lines at each of four steps.
  'src/web/docs/examples/transformer.md': [
    /^(step [0246]?1: loss \d.*\n {2}of it [\d.]+ in \S+,\n {2}[\d.e-]+ in the weights .*\n){4}$/,
  ],
  // Six replicas, each at steps whose interval is known.
  'src/web/docs/examples/sweep.md': [
    /(ε = 0\.\d+, seed [01], step \d01: loss .*\n){18}best: \{[\s\S]*lr: 0\.1/,
  ],
};

const isScript = ({ words }: Block): boolean => !words.includes('page') && !words.includes('playwright');

/** All that Node runs. */
export const NODE_SCRIPTS: readonly Script[] = scripts(ofKind('ts').filter(isScript));

function scripts(blocks: readonly Block[]): Script[] {
  const isStart = ({ words }: Block): boolean => !words.includes('continued');
  return blocks.flatMap((block, i) => {
    if (!isStart(block)) return [];
    const next = blocks.findIndex((other, j) => j > i && isStart(other));
    const parts = blocks.slice(i, next < 0 ? undefined : next);
    const foreign = parts.find(({ file }) => file !== block.file);
    if (foreign) throw new Error(`${at(foreign)}: there is nothing on its page to go on from`);
    return [{ name: at(block), block, code: parts.map(({ code }) => code).join('\n') }];
  });
}

/**
 * Runs a program in a folder with the library installed: it ends well, silent on standard error, and prints what its text says.
 * @param node the program that runs it; the one that runs this if left out
 */
export async function runScript(
  { block, code }: Script,
  folder: string,
  node = process.execPath,
): Promise<void> {
  const files = wordOf(block, 'files');
  if (files) {
    const source = join(ROOT, 'test', 'fixtures', 'cases', files);
    for (const name of readdirSync(source)) copyFileSync(join(source, name), join(folder, name));
  }
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const name = `${nameOf(block)}.js`;
  writeFileSync(join(folder, name), outputText);
  const { stdout, stderr, exitCode } = await execute(node, [name], folder);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  expect(stdout).not.toBe('');
  for (const pattern of PRINTS[block.file] ?? []) expect(stdout).toMatch(pattern);
}
