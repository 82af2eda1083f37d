import Table from 'cli-table3';
import type { TunedDevice, TunedEntry } from '../tuning/tunedTable.ts';

/** One line that names a device in a table of choices. */
export function deviceLine({ vendor, architecture, device, description, engine }: TunedDevice): string {
  const name =
    [vendor, architecture, description || device].filter((part) => part !== '').join(' ') || 'unnamed';
  return `${name}, ${engine}`;
}

/** A row a shape: every candidate with its time, what is taken, and what that gains over the planner's default. */
export function tuneTable(entries: readonly TunedEntry[]): string {
  const table = new Table({
    head: ['kernel and shape', 'candidates, ms ± spread', 'taken', 'gain', 'on'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'left', 'right', 'left'],
  });
  for (const entry of entries) {
    const { family, key, bucket, variant, date } = entry;
    table.push([
      [family, ...wrapped(key), ...wrapped(`(${bucket})`)].join('\n'),
      candidates(entry).join('\n'),
      variant,
      gain(entry),
      date,
    ]);
  }
  return table.toString();
}

function candidates({ times, excluded, default: standard, variant }: TunedEntry): string[] {
  const width = Math.max(...[...Object.keys(times), ...Object.keys(excluded)].map((name) => name.length));
  const timed = Object.entries(times)
    .sort(([, [a]], [, [b]]) => a - b)
    .map(([name, [median, spread]]) => {
      const time =
        spread === null
          ? `${milliseconds(median)}, one look`
          : `${milliseconds(median)} ± ${milliseconds(spread)}`;
      const notes = [...(name === variant ? ['taken'] : []), ...(name === standard ? ['default'] : [])];
      return `${name.padEnd(width)}  ${time}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
    });
  return [
    ...timed,
    ...Object.entries(excluded).map(
      ([name, reason]) => `${name.padEnd(width)}  excluded: ${reason.slice(0, 60)}`,
    ),
  ];
}

function milliseconds(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The share of the default's time that is saved. */
function gain({ times, variant, default: standard }: TunedEntry): string {
  if (variant === standard) return 'default';
  return `${(100 * (1 - times[variant]![0] / times[standard]![0])).toFixed(0)} %`;
}

/** Words in lines of at most 44 characters. */
function wrapped(text: string): string[] {
  return (text.match(/.{1,44}(?:\s|$)/g) ?? [text]).map((line) => line.trim());
}
