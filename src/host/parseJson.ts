import { foreignFormat } from './foreignFormat.ts';
import { InputError } from './inputError.ts';

/** Levels of lists and objects. What recurses over a value, here or in a library, must not run out of stack. */
const DEEPEST = 100;

/**
 * Parses JSON that a user gave, in time linear in its length. `JSON.parse` alone keeps the last of two keys in silence, so
 * that a file could show one thing to one reader and another to the next, and takes any depth.
 *
 * @param file how messages name the file
 * @param item how they name the part of it that is JSON
 * @param source text, or bytes in UTF-8, with a byte-order mark or without
 * @throws InputError for text that is no JSON, is nested more than 100 deep, or gives one key of an object twice
 */
export function parseJson(file: string, item: string, source: string | Uint8Array): unknown {
  const notJson = (error: unknown): InputError => {
    const foreign = typeof source === 'string' ? undefined : foreignFormat(source);
    return new InputError(file, item, foreign ?? `is not JSON: ${(error as Error).message}`);
  };
  let text: string;
  try {
    text = typeof source === 'string' ? source : new TextDecoder('utf-8', { fatal: true }).decode(source);
  } catch (error) {
    throw notJson(error);
  }
  const { depth, duplicate } = scan(text);
  if (depth > DEEPEST) {
    throw new InputError(file, item, `is nested more than ${DEEPEST} levels deep`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notJson(error);
  }
  if (duplicate !== undefined) {
    throw new InputError(file, duplicate, `occurs twice in the ${item}, expected once in an object`);
  }
  return value;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * One pass over a text that may be JSON: how deep it is nested, up to where it is too deep, and the first key that occurs
 * twice in one object. Says nothing of use about a text that is no JSON, but ends.
 */
function scan(text: string): { depth: number; duplicate?: string } {
  const objects: (Set<string> | null)[] = [];
  let depth = 0;
  let duplicate: string | undefined;
  let atKey = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const begin = i;
      i = stringEnd(text, i);
      const keys = objects.at(-1);
      if (atKey && keys && duplicate === undefined) {
        const key = unquoted(text.slice(begin, i + 1));
        if (keys.has(key)) duplicate = key;
        keys.add(key);
      }
      atKey = false;
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      objects.push(code === OPEN_OBJECT ? new Set() : null);
      atKey = code === OPEN_OBJECT;
      depth = Math.max(depth, objects.length);
      if (depth > DEEPEST) break;
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) objects.pop();
    else if (code === COMMA) atKey = objects.at(-1) != null;
  }
  return duplicate === undefined ? { depth } : { depth, duplicate };
}

/** Where a string that begins at `begin` ends: at its closing quote, or at the text's end. */
function stringEnd(text: string, begin: number): number {
  for (let i = begin + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i;
  }
  return text.length;
}

/** A string's value; as it is written where it is no JSON string, which JSON.parse will say. */
function unquoted(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}
