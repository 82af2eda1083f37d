import type { ExperimentPlan } from '../../experiments/planExperiment.ts';
import { formatDuration, formatNumber } from '../../present/formatNumber.ts';
import { timeLeft } from './timeLeft.ts';

/** What a run takes, in a sentence. @param speed this adapter's as a share of the reference's; undefined where it is not known */
export function costText({ cells, bytes, kept }: ExperimentPlan, speed: number | undefined): string {
  const count = `${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}`;
  const there = kept === 0 ? '' : kept === cells.length ? ', all of them kept' : `, ${kept} of them kept`;
  const seconds = timeLeft(cells, new Map(), speed ?? 1);
  const where =
    speed === undefined
      ? 'on the reference adapter (SwiftShader on two cores)'
      : `on this adapter (${formatNumber(speed, 2)} of the reference’s speed)`;
  const time =
    kept === cells.length ? '' : seconds === null ? '' : `; about ${formatDuration(seconds)} ${where}`;
  const memory =
    bytes === null ? '' : `; up to ${formatNumber(Math.ceil(bytes / 2 ** 20), 3)} MiB of GPU memory`;
  return `${count}${there}${time}${memory}.`;
}
