import { studentQuantile } from '../src/measure/statistics/studentQuantile.ts';

/** An effect as a claim's CSV tells it, and as its units' values give it again. */
export interface EffectInCsv {
  readonly name: string;
  readonly told: readonly (number | null)[];
  /** Estimate and interval; null where no unit has a value, or one stands alone. */
  readonly again: readonly (number | null)[];
}

/** Reads the CSV of a claim's page, and computes every effect again from its units, by nothing but what stands in the file. */
export function effectsFromCsv(csv: string): EffectInCsv[] {
  const [head, ...lines] = csv.trim().split('\n').map(cellsOf);
  const rows = lines.map((cells) => Object.fromEntries(head!.map((name, i) => [name, cells[i]!])));
  const groups = new Map<string, typeof rows>();
  for (const row of rows) groups.set(row.effect!, [...(groups.get(row.effect!) ?? []), row]);
  const onScale = (row: (typeof rows)[number]): number[] => {
    const value = numberIn(row.value!);
    return value === null ? [] : [row.scale === 'log' ? Math.log(value) : value];
  };
  const values = new Map([...groups].map(([name, group]) => [name, group.flatMap(onScale)]));
  return [...groups].map(([name, group]) => {
    const { scale, 'scatter pooled over': pool } = group[0]!;
    const own = values.get(name)!;
    const alike = [...groups].filter(([other, [row]]) =>
      pool === '' ? other === name : row!['scatter pooled over'] === pool,
    );
    const pooled = alike.map(([other]) => values.get(other)!);
    // Where scatter is pooled, a unit without a value leaves no mean, and none of them an interval.
    const isWhole = (other: string): boolean => values.get(other)!.length === groups.get(other)!.length;
    const mean = pool === '' || isWhole(name) ? meanOf(own) : Number.NaN;
    const lacks = pool !== '' && !alike.every(([other]) => isWhole(other));
    const freedom = pooled.reduce((sum, each) => sum + each.length - 1, 0);
    const squares = pooled.flatMap((each) => each.map((value) => (value - meanOf(each)) ** 2));
    const variance = squares.reduce((sum, square) => sum + square, 0) / freedom;
    const reach =
      freedom > 0 && !lacks ? studentQuantile(freedom) * Math.sqrt(variance / own.length) : Number.NaN;
    const back = (value: number): number | null => {
      const at = scale === 'log' ? Math.exp(value) : value;
      return Number.isFinite(at) ? at : null;
    };
    return {
      name,
      told: ['estimate', 'low', 'high'].map((column) => numberIn(group[0]![column]!)),
      again: [back(mean), back(mean - reach), back(mean + reach)],
    };
  });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function numberIn(text: string): number | null {
  return text === '' ? null : Number(text);
}

/** Of a line whose cells may be quoted. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
