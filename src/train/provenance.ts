import type { AdapterInfo } from '../gpu/device.ts';

/** What a result must say besides its numbers, so that it can be had again from its file alone. */
export interface Provenance<Job> {
  /** As the job's command takes it, with every default filled in. */
  readonly job: Job;
  readonly version: string;
  /** Of the sources, where they lay in a checkout. */
  readonly commit?: string;
  /** On what it was computed; without its features and limits, which `basin info` shows. */
  readonly adapter: Omit<AdapterInfo, 'features' | 'limits'>;
  /** When it began, in UTC (ISO 8601). */
  readonly date: string;
}

/** @param began the time, in ms since 1970 */
export function provenance<Job>(job: Job, info: AdapterInfo, began: number): Provenance<Job> {
  return { job, ...computedBy(info), date: new Date(began).toISOString() };
}

/** By which program, and on what. */
export function computedBy(info: AdapterInfo): Pick<Provenance<unknown>, 'version' | 'commit' | 'adapter'> {
  const { features: _, limits: __, ...adapter } = info;
  const commit = __BASIN_COMMIT__;
  return { version: __BASIN_VERSION__, ...(commit === null ? {} : { commit }), adapter };
}
