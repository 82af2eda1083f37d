import { expect, test } from 'vitest';
import { foldLines } from '../../src/web/bench/foldLines.ts';

test('lines are broken between words where they are too wide', () => {
  expect(foldLines(['one two three', 'four'], 60)).toEqual(['one two', 'three', 'four']);
  expect(foldLines(['one two three', 'four'], 600)).toEqual(['one two three', 'four']);
  expect(foldLines(['unbreakable word', ''], 30)).toEqual(['unbreakable', 'word', '']);
});
