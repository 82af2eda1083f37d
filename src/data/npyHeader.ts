/** What the header of a `.npy` array says. */
export interface NpyHeader {
  /** Its element type as NumPy writes it; of a structured type the list of its fields as it stands there. */
  descr: string;
  fortranOrder: boolean;
  shape: number[];
}

/**
 * Reads the header of a `.npy` array: a Python dict with exactly the keys descr, fortran_order and shape, in any order, as
 * Python 2 (u'descr', 12L) and 3 write it. One pass from left to right, so that time is linear in the text.
 * @returns undefined for anything else
 */
export function parseNpyHeader(text: string): NpyHeader | undefined {
  const scanner = new Scanner(text);
  const values = new Map<string, string | boolean | number[]>();
  if (!scanner.take('{')) return undefined;
  while (!scanner.take('}')) {
    const key = scanner.string();
    if (key === undefined || values.has(key) || !scanner.take(':')) return undefined;
    const value = key === 'shape' ? scanner.tuple() : key === 'descr' ? scanner.type() : scanner.boolean();
    if (value === undefined) return undefined;
    values.set(key, value);
    if (!scanner.take(',') && !scanner.at('}')) return undefined;
  }
  if (!scanner.atEnd() || values.size !== 3) return undefined;
  const [descr, fortranOrder, shape] = ['descr', 'fortran_order', 'shape'].map((key) => values.get(key));
  if (typeof descr !== 'string' || typeof fortranOrder !== 'boolean' || !Array.isArray(shape))
    return undefined;
  return { descr, fortranOrder, shape };
}

/** Reads Python literals from left to right; what is not there leaves the position where it was, or is undefined. */
class Scanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  at(token: string): boolean {
    this.#skipSpace();
    return this.#text.startsWith(token, this.#position);
  }

  take(token: string): boolean {
    if (!this.at(token)) return false;
    this.#position += token.length;
    return true;
  }

  atEnd(): boolean {
    this.#skipSpace();
    return this.#position === this.#text.length;
  }

  /** A string in single or double quotes, without escapes, Python 2's u and b prefixes allowed. */
  string(): string | undefined {
    if (!this.take('u')) this.take('b');
    const quote = this.take("'") ? "'" : this.take('"') ? '"' : undefined;
    if (quote === undefined) return undefined;
    const end = this.#text.indexOf(quote, this.#position);
    if (end < 0) return undefined;
    const value = this.#text.slice(this.#position, end);
    this.#position = end + 1;
    return value.includes('\\') ? undefined : value;
  }

  boolean(): boolean | undefined {
    if (this.take('True')) return true;
    return this.take('False') ? false : undefined;
  }

  /** A tuple of whole numbers: (), (3,), (12L, 3L). */
  tuple(): number[] | undefined {
    if (!this.take('(')) return undefined;
    const values: number[] = [];
    while (!this.take(')')) {
      const value = this.#wholeNumber();
      if (value === undefined) return undefined;
      values.push(value);
      if (!this.take(',') && (values.length === 1 || !this.at(')'))) return undefined;
    }
    return values;
  }

  /** An element type: a string, or the fields of a structured one in brackets, as they stand there. */
  type(): string | undefined {
    if (!this.at('[')) return this.string();
    const begin = this.#position;
    let depth = 0;
    do {
      if (this.atEnd()) return undefined;
      if (this.take('[')) depth++;
      else if (this.take(']')) depth--;
      else if (this.at("'") || this.at('"')) {
        if (this.string() === undefined) return undefined;
      } else this.#position++;
    } while (depth > 0);
    return this.#text.slice(begin, this.#position);
  }

  #wholeNumber(): number | undefined {
    this.#skipSpace();
    const begin = this.#position;
    while (isDigit(this.#text.charCodeAt(this.#position))) this.#position++;
    const value = Number(this.#text.slice(begin, this.#position));
    if (begin === this.#position || !Number.isSafeInteger(value)) return undefined;
    this.take('L');
    return value;
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text.charAt(this.#position))) this.#position++;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
