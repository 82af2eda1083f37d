import type { FlatLayout } from '../../ops/flat.ts';

/** Probes that are measured together: from one, up to another. */
export interface Wave {
  readonly from: number;
  readonly to: number;
}

/** The most probes of a wave: more would make traces long, and share little more. */
const MOST = 16;

/** Numbers that the vectors of a wave may take: 128 MiB. */
const LARGE = 2 ** 25;

/**
 * Probes in waves, each wave's vectors and products on the device at once: as many as memory allows, an even number, since some
 * go in pairs. What a probe finds does not depend on it.
 */
export function probeWaves(probes: number, { length }: Pick<FlatLayout, 'length'>): readonly Wave[] {
  const width = Math.max(2, Math.min(MOST, 2 * Math.floor(LARGE / (4 * length))));
  return Array.from({ length: Math.ceil(probes / width) }, (_, i) => ({
    from: i * width,
    to: Math.min(probes, (i + 1) * width),
  }));
}
