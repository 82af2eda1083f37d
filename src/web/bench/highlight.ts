export type TokenKind = 'comment' | 'attribute' | 'keyword' | 'type' | 'number' | 'plain';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const PATTERN = [
  '(?<comment>\\/\\/[^\\n]*)',
  '(?<attribute>@\\w+)',
  '(?<keyword>\\b(?:alias|break|case|const|const_assert|continue|continuing|default|diagnostic|discard|else|enable|fn|for|if|let|loop|override|requires|return|struct|switch|true|false|var|while|storage|uniform|workgroup|private|function|read|read_write|write)\\b)',
  '(?<type>\\b(?:bool|[fiu](?:32|16)|vec[234][fiuh]?|mat[234]x[234][fh]?|array|atomic|ptr)\\b)',
  '(?<number>\\b(?:0x[\\da-fA-F]+|\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?)[fhiu]?\\b)',
].join('|');
const TOKEN = new RegExp(PATTERN, 'g');
const TOKEN_HERE = new RegExp(PATTERN, 'y');
const WORD_HERE = /\w+|[^\w@/]+|./y;

/** The words of a WGSL text by what they are; joined together they are the text again. */
export function wgslTokens(code: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of code.matchAll(TOKEN)) {
    if (match.index > end) tokens.push({ kind: 'plain', text: code.slice(end, match.index) });
    tokens.push({ kind: kindOf(match), text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < code.length) tokens.push({ kind: 'plain', text: code.slice(end) });
  return tokens;
}

/** The word of a line that begins at a place. */
export function wgslTokenAt(line: string, at: number): Token {
  TOKEN_HERE.lastIndex = at;
  const match = TOKEN_HERE.exec(line);
  if (match) return { kind: kindOf(match), text: match[0] };
  WORD_HERE.lastIndex = at;
  return { kind: 'plain', text: WORD_HERE.exec(line)![0] };
}

function kindOf({ groups }: RegExpExecArray): TokenKind {
  return Object.keys(groups!).find((name) => groups![name] !== undefined) as TokenKind;
}
