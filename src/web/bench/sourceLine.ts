import { adapterName } from '../../present/adapterName.ts';
import type { RunView } from './runView.ts';

/** Where numbers come from: a software adapter is named as one wherever they go. */
export function sourceLine(run: RunView): string {
  return sourceLines(run).join(' · ');
}

/** The same in two lines, for charts: `about` and what computed, then when and how. */
export function sourceLines(
  { adapter, report, quick }: RunView,
  about?: string | undefined,
): [string, string] {
  const parts = (...texts: (string | false | null | undefined)[]) => texts.filter(Boolean).join(' · ');
  return [
    parts(
      about,
      adapter && adapterName(adapter),
      adapter?.software && 'software adapter (CPU), not a GPU’s speed',
    ),
    parts(
      report?.engine ?? adapter?.engine,
      report?.date.slice(0, 10),
      report?.commit && `commit ${report.commit.slice(0, 10)}`,
      quick && 'quick run, no figures to quote',
    ),
  ];
}
