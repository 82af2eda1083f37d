import { InputError } from '../host/inputError.ts';

/** Symbols of a text of bytes. */
const BYTES = 256;
const LETTERS = 26;

/**
 * Symbols as text: bytes as UTF-8, fewer than 27 of them as the letters from a on, others by their numbers. Bytes that are no UTF-8, as
 * at the end of a text that is cut, are �.
 */
export function symbolText(symbols: readonly number[], of: number): string {
  if (of === BYTES) return new TextDecoder().decode(Uint8Array.from(symbols));
  return of <= LETTERS
    ? symbols.map((symbol) => String.fromCharCode(97 + symbol)).join('')
    : symbols.join(' ');
}

/**
 * The symbols of a text: what `symbolText` makes a text of. Without a text one to begin with: a line break of bytes, symbol 0 else.
 * @throws InputError for a letter that is none of the symbols
 */
export function textSymbols(file: string, item: string, text: string | undefined, of: number): number[] {
  if (text === undefined) return [of === BYTES ? 10 : 0];
  if (of === BYTES) return [...new TextEncoder().encode(text)];
  return (of <= LETTERS ? [...text] : text.trim().split(/\s+/)).map((part) => {
    const symbol = of <= LETTERS ? part.charCodeAt(0) - 97 : Number(part);
    if (Number.isInteger(symbol) && symbol >= 0 && symbol < of) return symbol;
    const expected =
      of <= LETTERS
        ? `letters from a to ${String.fromCharCode(96 + of)}`
        : `numbers below ${of}, between spaces`;
    throw new InputError(file, item, `has “${part}”, expected ${expected}`);
  });
}
