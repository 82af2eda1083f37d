import type { Interval } from '../../measure/statistics/interval.ts';
import { studentIntervals } from '../../measure/statistics/studentIntervals.ts';
import { effectText, rangeText } from '../effectText.ts';
import type { Statistic } from '../experiment.ts';
import type { Measured } from './measured.ts';
import { largestP, tailOfInterval } from './tailOfInterval.ts';

/** What effects come to against their margins. */
export interface Judged {
  readonly statistics: readonly Statistic[];
  readonly verdict: 'reproduced' | 'not reproduced' | 'inconclusive';
  readonly reason: string;
  /** Of the hypothesis that some effect is outside its margin: the largest of theirs (Berger 1982). null: of one unit. */
  readonly p: number | null;
}

/**
 * The verdict function of all claims. Each effect's mean over the units has a 95 % interval of Student's distribution. Reproduced: every
 * interval lies within its margin. Not reproduced: one lies outside it altogether. Else inconclusive, as where a unit has no
 * value or there is but one unit. Effects without a margin are told, and decide nothing.
 * @throws RangeError where no effect has a margin
 */
export function judgeEffects(effects: readonly Measured[]): Judged {
  const judged = effects.map(judgeEffect);
  const gating = judged.filter(({ statistic }) => statistic.margin !== null);
  if (gating.length === 0) throw new RangeError('no effect has a margin: nothing can be judged');
  const statistics = judged.map(({ statistic }) => statistic);
  const of = (finding: Finding) => gating.filter((each) => each.finding === finding);
  const [outside, open] = [of('outside'), of('open')];
  const p = largestP(gating.map(({ statistic }) => statistic));
  const why = (each: readonly { readonly text: string }[]): string => each.map(({ text }) => text).join('; ');
  if (outside.length > 0) return { statistics, verdict: 'not reproduced', reason: why(outside), p };
  if (open.length > 0) return { statistics, verdict: 'inconclusive', reason: why(open), p };
  return { statistics, verdict: 'reproduced', reason: why(gating), p };
}

/** Where an interval lies: within the margin, outside of it, or across an end. */
type Finding = 'within' | 'outside' | 'open';

interface JudgedEffect {
  readonly statistic: Statistic;
  readonly finding: Finding;
  readonly text: string;
}

function judgeEffect({ name, values, margin, scale = 'linear' }: Measured): JudgedEffect {
  const onScale = scale === 'log' ? Math.log : (value: number): number => value;
  const back = scale === 'log' ? Math.exp : (value: number): number => value;
  const there = values.flatMap((value) => (value === null ? [] : [onScale(value)]));
  const missing = values.length - there.length;
  const units = there.length;
  const open = { value: units > 0 ? mean(there) : Number.NaN, interval: [null, null] as Interval };
  const effect = units > 1 ? studentIntervals([there])[0]! : open;
  const ends = effect.interval.map((end) => (end === null ? null : back(end))) as [
    number | null,
    number | null,
  ];
  const statistic: Statistic = {
    name,
    value: back(effect.value),
    interval: ends,
    margin,
    units,
  };
  if (margin === null) return { statistic, finding: 'open', text: '' };
  const onMargin = margin.map((end) => (end === null ? null : onScale(end))) as [
    number | null,
    number | null,
  ];
  const finding = missing > 0 ? 'open' : whereIs(effect.interval, onMargin);
  const p = units > 1 && missing === 0 ? tailOfInterval(effect, onMargin, units - 1) : null;
  const lack = missing > 0 ? `, ${missing} of ${values.length} units without a value` : '';
  const told = `${name} ${effectText(statistic.value, ends)}, margin ${rangeText(margin)}${lack}`;
  return { statistic: { ...statistic, ...(p === null ? {} : { p }) }, finding, text: told };
}

function whereIs([low, high]: Interval, [least, most]: Interval): Finding {
  const above = (a: number | null, b: number | null): boolean => a !== null && b !== null && a > b;
  if (above(low, most) || above(least, high)) return 'outside';
  const within =
    (least === null || (low !== null && low >= least)) && (most === null || (high !== null && high <= most));
  return within ? 'within' : 'open';
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
