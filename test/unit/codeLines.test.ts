import { expect, test } from 'vitest';
import { codeLines } from '../../src/cli/bench/codeLines.ts';

test('empty lines and comments are no code; a call that has "//" in a text is', () => {
  const text = `/** What it is. */
import a from 'a';

/*
 * Of several lines,
 * with code: a();
 */
// and one
function f() {
  // inside
  return a('https://x'); // after
}
`;
  expect(codeLines(text)).toBe(4);
  expect(codeLines('')).toBe(0);
});
