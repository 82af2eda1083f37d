import type { AdapterInfo } from '../../gpu/device.ts';
import { adapterName } from '../../present/adapterName.ts';

const KEY = 'basin adapter speed';

interface Kept {
  readonly adapter: string;
  readonly version: string;
  readonly speed: number;
}

/** The speed of an adapter as it was measured before in this tab by this version, so that no busy hour is remembered for long; undefined where it was not. */
export function knownSpeed(adapter: AdapterInfo): number | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Partial<Kept> | null;
    const same = kept?.adapter === adapterName(adapter) && kept.version === __BASIN_VERSION__;
    return same && typeof kept.speed === 'number' && kept.speed > 0 ? kept.speed : undefined;
  } catch {
    // Some private windows keep nothing, and what another wrote may be anything.
    return undefined;
  }
}

export function keepSpeed(adapter: AdapterInfo, speed: number): void {
  try {
    const kept: Kept = { adapter: adapterName(adapter), version: __BASIN_VERSION__, speed };
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Then it is measured again.
  }
}
