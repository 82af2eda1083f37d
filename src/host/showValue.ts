/** Characters of a value that a message prints, and levels of a list or an object. */
const LONGEST = 80;
const DEEPEST = 3;

/**
 * A value as messages print it, as JSON on one line. Bounded whatever was given: lists, objects and strings are cut with
 * "…" when about 80 characters or 3 levels are reached, and what is cut is never visited. Nothing in particular is "nothing"; what JSON
 * has not is named by its kind.
 */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  let left = LONGEST;
  const take = (text: string): string => {
    left -= text.length;
    return text;
  };
  const show = (item: unknown, depth: number): string => {
    if (typeof item === 'string') {
      const whole = item.length <= left;
      const quoted = printable(JSON.stringify(whole ? item : item.slice(0, left)));
      return take(whole ? quoted : `${quoted.slice(0, -1)}…"`);
    }
    if (typeof item === 'function') return take('a function');
    if (typeof item !== 'object' || item === null) return take(String(item));
    if (item instanceof Promise) return take('a Promise');
    if (ArrayBuffer.isView(item)) return take(showArray(item));
    const list = Array.isArray(item);
    const [open, close] = list ? '[]' : '{}';
    if (depth >= DEEPEST) return take(`${open}…${close}`);
    const parts: string[] = [];
    for (const key in item) {
      // What separates them counts as well.
      left--;
      if (left <= 0) {
        parts.push('…');
        break;
      }
      const name = list ? '' : `${show(key, depth)}:`;
      parts.push(name + (left > 0 ? show((item as Record<string, unknown>)[key], depth + 1) : '…'));
    }
    return take(open!) + parts.join(',') + take(close!);
  };
  return show(value, 0);
}

/** A typed array by its type and how many numbers it has. */
function showArray(view: ArrayBufferView & { readonly length?: number }): string {
  return `a ${view.constructor.name} of ${view.length ?? view.byteLength}`;
}

/**
 * Text that came from a file, safe to print: control and format characters (a terminal's escapes, a byte-order mark,
 * marks that turn the direction of writing) as \u escapes, and cut after `longest` characters.
 */
export function printable(text: string, longest = Number.POSITIVE_INFINITY): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) as number;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
