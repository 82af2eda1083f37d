import { expect, test } from 'vitest';
import { loadDataset } from '../../src/data/loadDataset.ts';
import { textDataset } from '../../src/data/text.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a text is sequences of bytes without overlap, each with the byte that follows; the last tenth is for testing', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const { test: tested, ...trained } = textDataset('t.txt?context=3', encode(text), 3);
  expect(trained).toMatchObject({
    name: 't.txt?context=3',
    symbols: 256,
    exampleShape: [3],
    examples: 10,
    targets: { kind: 'classes', classes: 256, positions: 3 },
  });
  expect(tested).toMatchObject({ name: 't.txt?context=3 (test)', examples: 1 });
  expect(new TextDecoder().decode(Uint8Array.from(trained.x))).toBe(text.slice(0, 30));
  expect(new TextDecoder().decode(Uint8Array.from(tested!.x))).toBe(text.slice(30, 33));
  for (const [{ targets }, from, to] of [
    [trained, 1, 31],
    [tested!, 31, 34],
  ] as const) {
    if (targets.kind !== 'classes') throw new Error('expected classes');
    expect(new TextDecoder().decode(Uint8Array.from(targets.labels))).toBe(text.slice(from, to));
  }
});

test('a text by path or by name, with its context; what cannot be is refused by name', async () => {
  const read = async (path: string): Promise<Uint8Array> => {
    if (path !== 'b/x.TXT' && path !== 'builtin:moby-dick/text.txt') throw new Error(`no ${path}`);
    return encode('Call me Ishmael. '.repeat(20));
  };
  const byPath = await loadDataset('b/x.TXT?context=16&subset=5', { read });
  expect(byPath).toMatchObject({
    examples: 5,
    exampleShape: [16],
    name: 'b/x.TXT?context=16&subset=5&data_seed=0',
  });
  const byDefault = await loadDataset('b/x.TXT', { read });
  expect(byDefault).toMatchObject({ exampleShape: [64], name: 'b/x.TXT' });
  expect(await loadDataset('moby-dick?context=16', { read })).toMatchObject({ name: 'moby-dick?context=16' });
  const refused = (name: string) => expect(loadDataset(name, { read })).rejects;
  await refused('b/x.TXT?window=3').toThrow('b/x.TXT?window=3: window: unknown option, expected context');
  await refused('moby-dick?context=0').toThrow('context: is "0", expected an integer from 1 to 65536');
  await refused('moby-dick?context=2&context=3').toThrow('context: option given twice');
  await refused('moby-dick?context=300').toThrow(
    'text: has 340 bytes, expected at least 601 for two sequences of 300 and the byte after each',
  );
  await refused('moby-dick?average_pool=2').toThrow('average_pool: takes images [C, H, W]');
});
