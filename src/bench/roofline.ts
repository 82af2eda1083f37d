import type { Ceilings, RooflineShare } from './kernelsReport.ts';

/** GFLOP/s that the roofline allows at an arithmetic intensity (flops a byte): min(peak, bandwidth × intensity). */
export function attainable(intensity: number, { copyBandwidth, fmaPeak }: Ceilings): number {
  return Math.min(fmaPeak.median, copyBandwidth.median * intensity);
}

/**
 * Share of the roofline (Williams, Waterman & Patterson 2009) that a kernel reaches. One without arithmetic is held
 * against the bandwidth alone.
 * @param work flops and bytes of a run, and the milliseconds that it took
 */
export function rooflineShare(
  { flops, bytes, milliseconds }: { flops: number; bytes: number; milliseconds: number },
  ceilings: Ceilings,
): RooflineShare | null {
  if (flops === 0 && bytes === 0) return null;
  const atPeak = flops / (ceilings.fmaPeak.median * 1e6);
  const atBandwidth = bytes / (ceilings.copyBandwidth.median * 1e6);
  return {
    share: Math.max(atPeak, atBandwidth) / milliseconds,
    bound: atBandwidth >= atPeak ? 'memory' : 'compute',
  };
}
