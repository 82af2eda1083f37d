import type { BenchClock } from './benchClock.ts';
import type { Ceilings, KernelsRow } from './kernelsReport.ts';
import { rooflineShare } from './roofline.ts';
import { timingOf } from './timing.ts';

/** A row with what its samples say: time, rates, share of the roofline. */
export function timedRow(
  row: KernelsRow,
  samples: readonly number[],
  { info }: Pick<BenchClock, 'info'>,
  ceilings: Ceilings,
): KernelsRow {
  const time = timingOf([...samples], info.grain / row.repeats);
  const { flops, bytes } = row;
  const perSecond = 1 / (time.median * 1e6);
  return {
    ...row,
    time,
    gflops: flops === 0 ? null : flops * perSecond,
    gbs: bytes * perSecond,
    roofline: rooflineShare({ flops, bytes, milliseconds: time.median }, ceilings),
  };
}
