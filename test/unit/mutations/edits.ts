import fc from 'fast-check';

/** One change of some bytes; places are fractions of their length, so that it fits whatever it is applied to. */
export type Edit =
  | { kind: 'bit'; at: number; bit: number }
  | { kind: 'number'; at: number; value: number; bytes: 1 | 2 | 4 | 8; bigEndian: boolean }
  | { kind: 'cut'; at: number; length: number }
  | { kind: 'copy'; from: number; at: number; length: number }
  | { kind: 'insert'; at: number; text: string };

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
/** Numbers at the edges of what fields hold, and small ones. */
const number = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 7, 2 ** 8 - 1, 2 ** 16 - 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1),
  fc.nat(300),
);
/** Pieces of the formats' texts, and what is hard on a parser. */
const piece = fc.oneof(
  fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    "'",
    '\\',
    '(',
    ')',
    'L',
    ' ',
    '\n',
    '\0',
    '\uFEFF',
    'é',
    '\\u0061',
  ),
  fc.constantFrom(
    '"shape"',
    '"dtype"',
    '"data_offsets"',
    '"__proto__"',
    '"F8_E4M3"',
    '"__metadata__"',
    "'descr'",
    '"type"',
  ),
  fc.constantFrom(
    'null',
    'true',
    'True',
    '-1',
    '0',
    '1e999',
    '1e-9',
    '9007199254740993',
    '18446744073709551616',
    'NaN',
  ),
  fc
    .tuple(
      fc.constantFrom('[', '{"a":', '(', '9', ' ', '1,', '"', '\\', 'x'),
      fc.constantFrom(3, 65, 101, 20_000),
    )
    .map(([text, count]) => text.repeat(count)),
);

export const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('bit' as const), at: place, bit: fc.nat(7) }),
    fc.record({
      kind: fc.constant('number' as const),
      at: place,
      value: number,
      bytes: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
      bigEndian: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('cut' as const), at: place, length: fc.nat(40) }),
    fc.record({ kind: fc.constant('copy' as const), from: place, at: place, length: fc.nat(60) }),
    fc.record({ kind: fc.constant('insert' as const), at: place, text: piece }),
  ),
  { minLength: 1, maxLength: 4 },
);

export function applyEdits(bytes: Uint8Array, changes: readonly Edit[]): Uint8Array {
  return changes.reduce(applyEdit, bytes);
}

function applyEdit(bytes: Uint8Array, edit: Edit): Uint8Array {
  const index = (fraction: number): number => Math.floor(fraction * bytes.length);
  const at = index(edit.at);
  const splice = (removed: number, added: Uint8Array): Uint8Array => {
    const end = Math.min(bytes.length, at + removed);
    const result = new Uint8Array(bytes.length - (end - at) + added.length);
    result.set(bytes.subarray(0, at));
    result.set(added, at);
    result.set(bytes.subarray(end), at + added.length);
    return result;
  };
  switch (edit.kind) {
    case 'bit': {
      const changed = bytes.slice();
      if (at < changed.length) changed[at]! ^= 1 << edit.bit;
      return changed;
    }
    case 'number': {
      const field = new DataView(new ArrayBuffer(8));
      field.setBigUint64(0, BigInt(edit.value), !edit.bigEndian);
      const value = new Uint8Array(field.buffer);
      const written = edit.bigEndian ? value.subarray(8 - edit.bytes) : value.subarray(0, edit.bytes);
      return splice(edit.bytes, written.slice(0, bytes.length - at));
    }
    case 'cut':
      // Long cuts are truncations.
      return edit.length > 30 ? bytes.slice(0, at) : splice(edit.length, new Uint8Array(0));
    case 'copy': {
      const from = index(edit.from);
      return splice(0, bytes.slice(from, from + edit.length));
    }
    case 'insert':
      return splice(0, new TextEncoder().encode(edit.text));
  }
}
