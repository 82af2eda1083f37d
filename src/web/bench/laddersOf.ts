import type { LadderText } from '../../bench/kernelsReport.ts';
import type { BenchSession } from './benchSession.ts';
import type { RunView } from './runView.ts';

/** In the words of the version that ran, and those that there are since. */
export function laddersOf(run: RunView | undefined, { catalogue }: BenchSession): readonly LadderText[] {
  const ran = run?.report?.ladders ?? [];
  return [
    ...ran,
    ...(catalogue?.ladders ?? []).filter(({ name }) => !ran.some((each) => each.name === name)),
  ];
}
