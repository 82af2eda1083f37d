import { InputError } from '../host/inputError.ts';
import type { Dataset } from './dataset.ts';
import { exampleRange } from './exampleRange.ts';

/** A byte is one of so many symbols. */
const SYMBOLS = 256;
/** The last of so many parts of a text is for testing. */
const PARTS = 10;
const DEFAULT_CONTEXT = 64;
const MOST_CONTEXT = 65_536;

/**
 * A text as sequences of bytes, one after the other without overlap: example n is the bytes from n·context on, and its target
 * at each position is the byte that follows. What is left at the end of the text is in none. The last tenth of the
 * sequences is for testing. Characters beyond ASCII are of several bytes in UTF-8.
 * @param context positions of a sequence
 * @throws InputError for a text with fewer than two sequences: there must be one to train on and one for testing
 */
export function textDataset(name: string, bytes: Uint8Array, context: number): Dataset {
  const examples = Math.floor((bytes.length - 1) / context);
  if (examples < 2) {
    const expected = `at least ${2 * context + 1} for two sequences of ${context} and the byte after each`;
    throw new InputError(name, 'text', `has ${bytes.length} bytes, expected ${expected}`);
  }
  const all: Dataset = {
    name,
    x: Uint32Array.from(bytes.subarray(0, examples * context)),
    symbols: SYMBOLS,
    exampleShape: [context],
    targets: {
      kind: 'classes',
      labels: Uint32Array.from(bytes.subarray(1, examples * context + 1)),
      classes: SYMBOLS,
      positions: context,
    },
    examples,
  };
  const test = Math.max(1, Math.floor(examples / PARTS));
  return {
    ...exampleRange(all, 0, examples - test),
    test: { ...exampleRange(all, examples - test, examples), name: `${name} (test)` },
  };
}

/**
 * The option of a text's name: "text.txt?context=128", 64 by default.
 * @throws InputError for another option, one given twice, a value that is no positive integer
 */
export function textContext(name: string): number {
  const [, query = ''] = name.split(/\?(.*)/s) as [string, string?];
  let context: number | undefined;
  for (const [key, text] of new URLSearchParams(query)) {
    if (key !== 'context' || context !== undefined) {
      const found = key === 'context' ? 'option given twice' : 'unknown option';
      throw new InputError(name, key, `${found}, expected context`);
    }
    context = text.trim() === '' ? Number.NaN : Number(text);
    if (!(Number.isInteger(context) && context >= 1 && context <= MOST_CONTEXT)) {
      throw new InputError(name, key, `is "${text}", expected an integer from 1 to ${MOST_CONTEXT}`);
    }
  }
  return context ?? DEFAULT_CONTEXT;
}
