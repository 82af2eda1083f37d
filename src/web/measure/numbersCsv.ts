import type { Card } from './cards.ts';

/** Numbers as rows: key in the result, value, standard error, ends of the 95 % interval; empty where there is none. */
export function numbersCsv(cards: readonly Card[]): string {
  const rows = cards.map(({ key, value, stderr, interval }) =>
    [key, value, stderr, interval?.[0], interval?.[1]].map((cell) => cell ?? '').join(','),
  );
  return `${['key,value,stderr,low,high', ...rows].join('\n')}\n`;
}
