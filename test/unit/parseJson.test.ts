import { expect, test } from 'vitest';
import { parseJson } from '../../src/host/parseJson.ts';
import { printable, showValue } from '../../src/host/showValue.ts';

const parse = (source: string | Uint8Array) => parseJson('m.json', 'model', source);
const bytes = (text: string) => new TextEncoder().encode(text);

test('parses what JSON.parse parses, and bytes with a byte-order mark', () => {
  const text = '{"a":[1,-2.5e3,"\\u0061,\\"{[",true,null,{}],"b":{"a":{"a":[]}},"":0}';
  expect(parse(text)).toEqual(JSON.parse(text));
  expect(parse(bytes(`\uFEFF${text}`))).toEqual(JSON.parse(text));
  expect(parse('3')).toBe(3);
});

test.each([
  ['{"a":1,"b":2,"a":3}', 'm.json: a: occurs twice in the model, expected once in an object'],
  ['{"a":1,"\\u0061":3}', 'm.json: a: occurs twice'],
  ['[{"a":{"b":1,"b":2}}]', 'm.json: b: occurs twice'],
  ['{"__proto__":1,"__proto__":2}', 'm.json: __proto__: occurs twice'],
])('refuses a key given twice: %s', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});

test.each([
  '{"a":{"a":[{"a":1},{"a":2}]}}',
  '["a","a",{"b":"b"}]',
  '{"a":"a","b":["b","a"]}',
  '{"a":"\\"a\\":1,\\"a\\""}',
])('takes a key once in each object: %s', (text) => {
  expect(parse(text)).toEqual(JSON.parse(text));
});

test.each(['{"a":1,"a"', '{"a":', '"a', '"a\\', '{"a":1}}', '\uFEFF{}', '{"\\u00":1,"\\u00":1}', ''])(
  'refuses what is no JSON: %s',
  (text) => {
    expect(() => parse(text)).toThrow('m.json: model: is not JSON: ');
  },
);

test('says what a file is in truth', () => {
  expect(() => parse(bytes('PK\x03\x04'))).toThrow('m.json: model: is a zip archive');
  expect(() => parse(bytes('version https://git-lfs.github.com/spec/v1'))).toThrow('is a Git LFS pointer');
  expect(() => parse(Uint8Array.of(0xff, 0xfe))).toThrow('m.json: model: is not JSON: ');
});

test('an invisible character in a message is written out', () => {
  expect(() => parse('\uFEFF{}')).toThrow('\\ufeff');
  expect(() => parse('\u001b[31m')).toThrow('\\u001b');
});

test('refuses 10⁵ levels, and takes as long for 16 MB of string as for 16 MB of anything', () => {
  for (const [open, close] of ['[]', ['{"a":', '}']] as const) {
    const text = (depth: number) => open!.repeat(depth) + (open === '[' ? '' : '0') + close!.repeat(depth);
    expect(() => parse(text(1e5))).toThrow('m.json: model: is nested more than 100 levels deep');
    expect(() => parse(text(101))).toThrow('is nested more than 100 levels deep');
    expect(parse(text(100))).toEqual(JSON.parse(text(100)));
  }
  expect(parse(`{"a":"${'\\n'.repeat(8e6)}"}`)).toEqual({ a: '\n'.repeat(8e6) });
});

test('values in messages are short, whatever they are', () => {
  expect(showValue({ a: [1, 'x', null, true], b: {} })).toBe('{"a":[1,"x",null,true],"b":{}}');
  expect(showValue(undefined)).toBe('nothing');
  expect(showValue(12n)).toBe('12');
  expect(showValue(Number.NaN)).toBe('NaN');
  expect(showValue('x'.repeat(1e7))).toBe(`"${'x'.repeat(80)}…"`);
  expect(showValue('\u001b[31m"\u202e')).toBe('"\\u001b[31m\\"\\u202e"');
  expect(showValue([[[[[1]]]]])).toBe('[[[[…]]]]');
  let deep: unknown = 0;
  for (let i = 0; i < 1e5; i++) deep = i % 2 ? [deep] : { deep };
  for (const value of [
    deep,
    Array(1e6).fill(7),
    Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => [i, i])),
  ]) {
    expect(showValue(value).length).toBeLessThan(120);
    expect(showValue(value)).toContain('…');
  }
});

test('text from a file is printed without control characters', () => {
  expect(printable('é\u200b\u0007\n💥')).toBe('é\\u200b\\u0007\\u000a💥');
  expect(printable('abcdef', 3)).toBe('abc…');
});
