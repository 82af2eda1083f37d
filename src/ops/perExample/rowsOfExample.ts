/**
 * Rows that each example has in an operand of `rows` of them: one, or several, such as the positions of a sequence.
 * @throws if the examples do not share the rows evenly
 */
export function rowsOfExample(op: string, rows: number, examples: number): number {
  const each = rows / examples;
  if (Number.isInteger(each)) return each;
  throw new Error(`${op}: ${rows} rows are no whole number of rows for each of ${examples} examples`);
}
