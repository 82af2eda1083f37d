import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marked, type Token } from 'marked';
import { DOCS } from '../../src/web/docs/contents.ts';
import { ROOT } from './basin.ts';

const FOLDER = 'src/web/docs';

/** The texts of the documentation, from the checkout's root: the front page first. */
export const DOCS_FILES: readonly string[] = [
  'README.md',
  ...DOCS.flatMap(({ files }) => files.map((file) => `${FOLDER}/${file}`)),
];

/** A code block. Its info string is a language and words for the tests; `unchecked: why` at its end excludes it. */
export interface Block {
  readonly file: string;
  /** Of its first line of code. */
  readonly line: number;
  readonly language: string;
  readonly words: readonly string[];
  readonly unchecked: string | null;
  readonly code: string;
}

export const readDocs = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** All tokens of a text, also those that lie within others. */
export function tokensOf(file: string): Token[] {
  const tokens: Token[] = [];
  marked.walkTokens(marked.lexer(readDocs(file)), (token) => {
    tokens.push(token);
  });
  return tokens;
}

export const BLOCKS: readonly Block[] = DOCS_FILES.flatMap((file) => {
  const text = readDocs(file);
  let from = 0;
  return tokensOf(file).flatMap((token) => {
    if (token.type !== 'code') return [];
    from = text.indexOf(token.raw, from);
    const line = text.slice(0, from).split('\n').length + 1;
    const [info, unchecked = null] = ((token.lang as string | undefined) ?? '').split(' unchecked: ');
    const [language = '', ...words] = info!.split(' ');
    return [{ file, line, language, words, unchecked, code: token.text as string }];
  });
});

/** What stands behind `name=` in an info string. */
export function wordOf({ words }: Block, name: string): string | undefined {
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** A block's place, by which failures are found. */
export const at = ({ file, line }: Block): string => `${file}:${line}`;

/** The same for a file that is made of it. */
export const nameOf = ({ file, line }: Block): string => `${file.replace(/\W/g, '_')}_${line}`;

/** The blocks of a language that are checked, and have a word in their info string. */
export const ofKind = (language: string, word?: string): Block[] =>
  BLOCKS.filter(
    (block) =>
      block.language === language && !block.unchecked && (word === undefined || block.words.includes(word)),
  );
