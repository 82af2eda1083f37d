import type { FigureMark, Panel, Table } from '../../experiments/figure.ts';
import type { TrainSpec } from '../../jobs/trainSpec.ts';
import { type Effect, symmetricInterval } from '../../measure/statistics/interval.ts';
import type { Quantity } from '../../present/quantities.ts';
import { groupCurves } from '../lab/groupCurves.ts';
import type { Recording } from '../lab/recording.ts';
import { smooth } from '../lab/smooth.ts';
import { type XUnit, xValues } from '../lab/xUnits.ts';

/** A run as it is compared. */
export interface Compared {
  readonly name: string;
  readonly recording: Recording;
}

/** Points of a curve that are drawn. */
const MOST_POINTS = 400;

/** The curves of all runs over each other, a chart for each quantity that any of them has. */
export function comparePanels(runs: readonly Compared[], unit: XUnit): Panel[] {
  const quantities = new Map<string, Quantity>();
  for (const { recording } of runs)
    for (const quantity of recording.drawn) quantities.set(quantity.id, quantity);
  return [...quantities.values()].flatMap((quantity): Panel[] => {
    const marks = runs.flatMap((run) => marksOf(run, quantity, unit));
    if (marks.length === 0) return [];
    // A log axis has no place for what is not positive.
    const log = quantity.log && marks.every(({ points }) => points.every(({ y }) => y === null || y > 0));
    const name = quantity.symbol.replace(/_\{([^}]*)\}/g, '_$1');
    return [{ title: quantity.name, x: { label: unit }, y: { label: name, log }, marks }];
  });
}

function marksOf(
  { name, recording }: Compared,
  quantity: Quantity,
  unit: XUnit,
): (FigureMark & { readonly mark: 'line' })[] {
  const own = recording.drawn.find(({ id }) => id === quantity.id);
  if (!own) return [];
  const table = recording.table(own);
  const curves = groupCurves(
    recording.groups,
    table.columns(own.id),
    table.intervals(own.id),
    () => Number.POSITIVE_INFINITY,
  );
  const xs = xValues(unit, recording, table);
  return recording.groups.flatMap((group, place) => {
    const values = curves[place]!.values;
    const shown = own.scatters ? smooth(values, Math.max(5, Math.round(values.length / 40))) : values;
    const every = Math.max(1, Math.ceil(shown.length / MOST_POINTS));
    const points = shown.flatMap((y, row) =>
      row % every === 0 || row === shown.length - 1 ? [{ x: xs[row]!, y }] : [],
    );
    if (!points.some(({ y }) => y !== null)) return [];
    const label = recording.groups.length > 1 ? `${name}: ${group.label}` : name;
    return [{ mark: 'line', name: label, points }];
  });
}

/** The settings in which runs differ, by their keys in a train.json. */
export function settingsDifferences(
  runs: readonly { readonly name: string; readonly spec: TrainSpec }[],
): Table {
  const flat = runs.map(({ spec }) => flattened(spec));
  const keys = [...new Set(flat.flatMap((one) => [...one.keys()]))];
  const rows = keys
    .map((key) => [key, ...flat.map((one) => one.get(key) ?? null)] as const)
    .filter(([, ...values]) => new Set(values).size > 1);
  return { title: 'Settings that differ', columns: ['', ...runs.map(({ name }) => name)], rows };
}

function flattened(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null) {
    // Lists of numbers are read as one.
    if (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
      into.set(path, value.join(', '));
    else
      for (const [key, item] of Object.entries(value))
        flattened(item, path === '' ? key : `${path}.${key}`, into);
  } else if (value !== undefined) into.set(path, String(value));
  return into;
}

/** What is compared of two runs' ends. */
const ENDS = [
  { name: 'loss of the last twentieth of its steps', read: lateLoss },
  { name: 'final training loss', read: finalOf('train', 'loss') },
  { name: 'final test loss', read: finalOf('test', 'loss') },
  { name: 'final test accuracy', read: finalOf('test', 'accuracy') },
] as const;

/**
 * How two runs ended, seed by seed where they share seeds: the mean difference with its 95 % interval over the seeds, by Student's t of
 * the paired differences.
 * @returns null where no seed is shared
 */
export function pairedEffects(a: Compared, b: Compared): Table | null {
  const pairs = pairsOf(a.recording, b.recording);
  if (pairs.length === 0) return null;
  const rows = ENDS.flatMap(({ name, read }) => {
    const found = pairs.flatMap(([one, other]) => {
      const values = [read(a.recording, one), read(b.recording, other)] as const;
      return values[0] === null || values[1] === null ? [] : [[values[0], values[1]] as const];
    });
    if (found.length === 0) return [];
    const mean = (which: 0 | 1): number => found.reduce((sum, pair) => sum + pair[which], 0) / found.length;
    return [[name, differenceOf(found), found.length, mean(0), mean(1)]];
  });
  return {
    title: 'Paired by seed: second less first, with a 95 % interval',
    columns: ['', 'difference', 'seeds', a.name, b.name],
    rows,
  };
}

function differenceOf(pairs: readonly (readonly [number, number])[]): Effect {
  const differences = pairs.map(([one, other]) => other - one);
  const n = differences.length;
  const value = differences.reduce((sum, each) => sum + each, 0) / n;
  // One pair tells no scatter.
  if (n < 2) return { value, interval: [null, null] };
  const squares = differences.reduce((sum, each) => sum + (each - value) ** 2, 0);
  const stderr = Math.sqrt(squares / (n - 1) / n);
  return { value, interval: symmetricInterval(value, { stderr, freedom: n - 1 }) };
}

/** Replicas of one seed: of groups of one label where there are such, else of the only groups. */
function pairsOf(a: Recording, b: Recording): (readonly [number, number])[] {
  const seedOf = ({ spec }: Recording, replica: number): number =>
    spec.replicas?.[replica]?.seed ?? spec.seed ?? 0;
  const single = a.groups.length === 1 && b.groups.length === 1;
  return a.groups.flatMap((group) => {
    const other = single ? b.groups[0] : b.groups.find(({ label }) => label === group.label);
    return group.replicas.flatMap((replica) => {
      const partner = other?.replicas.find((one) => seedOf(b, one) === seedOf(a, replica));
      return partner === undefined ? [] : [[replica, partner] as const];
    });
  });
}

function lateLoss({ readings, lastStep }: Recording, replica: number): number | null {
  const late = readings.filter((reading) => reading.replica === replica && reading.step > 0.95 * lastStep);
  return late.length === 0 ? null : late.reduce((sum, { loss }) => sum + loss, 0) / late.length;
}

function finalOf(split: 'train' | 'test', key: 'loss' | 'accuracy') {
  return ({ evaluations, lastStep }: Recording, replica: number): number | null => {
    const last = evaluations.findLast(
      (one) => one.replica === replica && one.split === split && one.weights === 'last',
    );
    return last && last.step >= lastStep ? last[key] : null;
  };
}
