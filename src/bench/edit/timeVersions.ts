import type { Gpu } from '../../gpu/device.ts';
import type { RunControl } from '../../host/runControl.ts';
import type { ResultEvent, WorkEvent } from '../../host/workEvent.ts';
import type { PreparedTrial } from '../../selftest/runTrial.ts';
import type { BenchClock } from '../benchClock.ts';
import type { Ceilings, KernelsRow } from '../kernelsReport.ts';
import { timedRow } from '../timedRow.ts';
import { timingOf } from '../timing.ts';
import type { EditProfileLine, EditRatio, EditVersion } from './kernelEditReport.ts';

/** A version that is checked and warm. */
export interface ReadyVersion {
  readonly version: EditVersion;
  readonly row: KernelsRow;
  readonly prepared: PreparedTrial;
}

export interface TimedVersions {
  readonly rows: Partial<Record<EditVersion, KernelsRow>>;
  readonly ratios: Partial<Record<'shipped' | 'last', EditRatio>>;
}

type Progress = Exclude<WorkEvent, ResultEvent>;

/**
 * Times versions of a kernel in alternation, A B C A B C: what drifts on the machine meets all of them, and the quotients are of neighbours in time.
 * @param control ends it after the round under way
 */
export async function* timeVersions(
  versions: readonly ReadyVersion[],
  clock: BenchClock,
  ceilings: Ceilings,
  rounds: number,
  control?: RunControl,
): AsyncGenerator<Progress, TimedVersions, void> {
  const samples = new Map<EditVersion, number[]>(versions.map(({ version }) => [version, []]));
  for (let round = 0; round < rounds && !(control?.stopped && round > 0); round++) {
    yield { type: 'progress', done: round, total: rounds, unit: 'rounds' };
    for (const { version, row, prepared } of versions) {
      const { program } = prepared;
      // What the version before it has left in caches shall not count.
      await clock.time(program, 1);
      samples.get(version)!.push((await clock.time(program, row.repeats)) / row.repeats);
    }
  }
  const rows = versions.map(({ version, row }) => [
    version,
    timedRow(row, samples.get(version)!, clock, ceilings),
  ]);
  const ratios = (['shipped', 'last'] as const).flatMap((other) => {
    const base = samples.get(other);
    return base ? [[other, ratioOf(base, samples.get('edited')!)]] : [];
  });
  return { rows: Object.fromEntries(rows), ratios: Object.fromEntries(ratios) };
}

/** Two times are told apart where alike ones would differ so seldom. */
const LEVEL = 0.05;

/** Of the quotients of one round's samples: what both share in a round cancels. */
export function ratioOf(base: readonly number[], edited: readonly number[]): EditRatio {
  const quotients = edited.map((sample, i) => sample / base[i]!);
  const { median, spread } = timingOf(quotients);
  return { value: median, spread, within: Math.abs(median - 1) <= spread || signTest(quotients) > LEVEL };
}

/** How likely at least as many quotients are on one side of 1 where both times are alike: the two-sided sign test. */
function signTest(quotients: readonly number[]): number {
  const n = quotients.filter((quotient) => quotient !== 1).length;
  const fewer = Math.min(
    quotients.filter((quotient) => quotient < 1).length,
    quotients.filter((quotient) => quotient > 1).length,
  );
  // n over i, divided by 2ⁿ.
  let term = 2 ** -n;
  let tail = term;
  for (let i = 1; i <= fewer; i++) {
    term *= (n - i + 1) / i;
    tail += term;
  }
  return Math.min(1, 2 * tail);
}

const PROFILES = 5;

/** Times of the dispatches of a row that has several; none where the adapter has no timestamps. */
export async function profileVersions(
  gpu: Gpu,
  shipped: PreparedTrial,
  edited: PreparedTrial,
): Promise<EditProfileLine[]> {
  const { dispatches } = edited.program;
  if (dispatches.length < 2 || !gpu.device.features.has('timestamp-query')) return [];
  const of = async ({ program }: PreparedTrial): Promise<number[]> => {
    const profiles: number[][] = [];
    for (let i = 0; i < PROFILES; i++)
      profiles.push((await program.profile()).map(({ milliseconds }) => milliseconds));
    return profiles[0]!.map((_, at) => timingOf(profiles.map((profile) => profile[at]!)).median);
  };
  const [before, after] = [await of(shipped), await of(edited)];
  return dispatches.map(({ kernel }, i) => ({ kernel, shipped: before[i]!, edited: after[i]! }));
}
