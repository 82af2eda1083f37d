import { adapterName } from '../adapterBanner.tsx';
import type { RunView } from './runView.ts';

/** Where the numbers of a chart or a table come from: a software adapter is named as one wherever they go. */
export function sourceLine({ adapter, report, quick }: RunView): string {
  const parts = [
    adapter && adapterName(adapter),
    adapter?.software && 'software adapter (CPU), not a GPU’s speed',
    report?.engine ?? adapter?.engine,
    report?.date.slice(0, 10),
    quick && 'quick run, no figures to quote',
  ];
  return parts.filter(Boolean).join(' · ');
}
