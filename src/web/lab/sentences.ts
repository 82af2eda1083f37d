import type { Reading } from '../../jobs/job.ts';
import { formatEstimate } from '../../present/formatInterval.ts';
import { formatCount, formatNumber } from '../../present/formatNumber.ts';
import type { Quantity } from '../../present/quantities.ts';
import type { Recording } from './recording.ts';
import type { ReplicaGroup } from './replicaGroups.ts';

/** Measurements over which a sentence averages what scatters. */
const RECENT = 20;

/**
 * What a chart says, in a sentence that is computed from its readings.
 * @param hidden groups that are not drawn
 * @returns null where there is nothing to say yet
 */
export function sentenceOf(
  quantity: Quantity,
  recording: Recording,
  hidden: ReadonlySet<number>,
): string | null {
  const groups = recording.groups.filter(
    ({ replicas }, group) =>
      !hidden.has(group) && !replicas.every((replica) => recording.diverged.has(replica)),
  );
  if (groups.length === 0) return null;
  switch (quantity.id) {
    case 'loss':
      return ofLoss(recording, groups);
    case 'accuracy':
      return ofAccuracy(recording, groups);
    case 'gradNormSq':
    case 'traceCovariance':
      return ofNoise(quantity.id, recording, groups);
    case 'bSimple':
      return ofNoiseScale(recording, groups);
    case 'temperature':
    case 'learningRate':
      return ofSetting(quantity, recording, groups);
    default:
      return ofInstrument(quantity, recording, groups);
  }
}

/** Of the newest readings of a group that have something, the mean; null where none has. */
function recent(
  { readings }: Recording,
  { replicas }: ReplicaGroup,
  read: (reading: Reading) => number | null | undefined,
  count = RECENT,
): number | null {
  const found: number[] = [];
  for (let i = readings.length - 1; i >= 0 && found.length < count * replicas.length; i--) {
    const reading = readings[i]!;
    if (!replicas.includes(reading.replica)) continue;
    const value = read(reading);
    if (value !== undefined && value !== null && Number.isFinite(value)) found.push(value);
  }
  return found.length === 0 ? null : found.reduce((sum, value) => sum + value, 0) / found.length;
}

/** The groups with the least and the most of something, if it is known. */
function ranked(
  groups: readonly ReplicaGroup[],
  read: (group: ReplicaGroup) => number | null,
): { readonly group: ReplicaGroup; readonly value: number }[] {
  return groups
    .flatMap((group) => {
      const value = read(group);
      return value === null ? [] : [{ group, value }];
    })
    .sort((a, b) => a.value - b.value);
}

function ofLoss(recording: Recording, groups: readonly ReplicaGroup[]): string | null {
  const all = ranked(groups, (group) => recent(recording, group, ({ loss }) => loss));
  const [best, worst] = [all[0], all.at(-1)];
  if (!best || !worst) return null;
  const count = Math.min(RECENT, recording.rows.steps.length);
  const over = count === 1 ? 'At the last reading' : `Over the last ${count} readings`;
  if (all.length > 1) {
    return `${over} the loss is lowest at ${best.group.label}, ${formatNumber(best.value, 3)}, and highest at ${worst.group.label}, ${formatNumber(worst.value, 3)}.`;
  }
  const first = recording.readings.find(({ replica }) => best.group.replicas.includes(replica))!;
  return `${over} the loss is ${formatNumber(best.value, 3)} on average, from ${formatNumber(first.loss, 3)} at step ${formatCount(first.step)}.`;
}

function ofAccuracy({ evaluations }: Recording, groups: readonly ReplicaGroup[]): string | null {
  const tests = evaluations.filter(
    ({ split, weights, accuracy, replica }) =>
      split === 'test' &&
      weights === 'last' &&
      accuracy !== null &&
      groups.some(({ replicas }) => replicas.includes(replica)),
  );
  const best = tests.reduce<(typeof tests)[number] | undefined>(
    (most, test) => (most && most.accuracy! >= test.accuracy! ? most : test),
    undefined,
  );
  if (!best) return null;
  const whose =
    groups.length > 1 ? `, of ${groups.find(({ replicas }) => replicas.includes(best.replica))!.label}` : '';
  const averaged = evaluations.findLast(
    ({ split, weights, accuracy }) =>
      split === 'test' && accuracy !== null && weights !== 'last' && weights !== 'recomputed',
  );
  const average = averaged
    ? ` The averaged weights (${averaged.weights.toUpperCase()}) reach ${percent(averaged.accuracy!)}.`
    : '';
  return `The best so far is ${percent(best.accuracy!)} at step ${formatCount(best.step)}${whose}.${average}`;
}

function ofNoise(
  id: 'gradNormSq' | 'traceCovariance',
  recording: Recording,
  groups: readonly ReplicaGroup[],
): string | null {
  const B = recording.batchSizeAt(recording.lastStep);
  const parts = groups.slice(0, 4).flatMap((group) => {
    const signal = recent(recording, group, (reading) => reading.gradNormSqOfTrainingSet);
    const noise = recent(recording, group, (reading) => reading.traceCovariance);
    if (signal === null || noise === null) return [];
    const whose = groups.length > 1 ? `${group.label}: ` : '';
    if (id === 'traceCovariance') {
      const times = signal > 0 ? `, ${formatNumber(noise / B / signal, 2)} times |G|²` : '';
      return [
        `${whose}${groups.length > 1 ? 'a' : 'A'} batch of ${B} has noise tr Σ/B = ${formatNumber(noise / B, 2)}${times}`,
      ];
    }
    if (signal <= 0)
      return [
        `${whose}${groups.length > 1 ? 'batches' : 'Batches'} of ${B} do not see the gradient: its estimate is ${formatNumber(signal, 2)} on average`,
      ];
    return [
      `${whose}${groups.length > 1 ? 'of' : 'Of'} |ḡ|² about ${percent(signal / (signal + noise / B), 2)} is signal, the rest noise`,
    ];
  });
  if (parts.length === 0) return null;
  return `${parts.join('; ')} (of the last ${RECENT} measurements at the most).`;
}

/** B against the noise scale, and what twice as large a batch would bring by McCandlish et al. 2018, eq. 2.11. */
function ofNoiseScale(recording: Recording, groups: readonly ReplicaGroup[]): string | null {
  const B = recording.batchSizeAt(recording.lastStep);
  const parts = groups.slice(0, 4).flatMap((group): string[] => {
    const [replica] = group.replicas;
    const last = recording.readings.findLast(
      (reading) => reading.replica === replica && reading.bSimple !== undefined,
    );
    if (!last) return [];
    const whose = [
      ...(groups.length > 1 ? [group.label] : []),
      ...(group.replicas.length > 1 ? [recording.replicas[replica!]!] : []),
    ].slice(-1);
    const before = whose.length > 0 ? `${whose[0]}: ` : '';
    return [before + noiseScaleText(B, last)];
  });
  return parts.length === 0 ? null : `${parts.join(' ')}`;
}

function noiseScaleText(B: number, { step, bSimple, bSimpleInterval, bSimpleResolved }: Reading): string {
  const shown = formatEstimate(bSimpleResolved === false ? null : bSimple, bSimpleInterval);
  const low = bSimpleInterval?.[0] ?? null;
  if (!bSimpleInterval)
    return `Fewer than four measurements up to step ${formatCount(step)} tell no interval yet.`;
  if (!bSimpleResolved || bSimple === null || bSimple === undefined || !(bSimple > 0)) {
    const known = low !== null && low > 0 ? `, known only to be ≥ ${formatNumber(low, 3)}` : '';
    return `Unresolved at step ${formatCount(step)}${known}: the measurements so far do not tell the gradient from its noise.`;
  }
  const ratio = bSimple / B;
  const where =
    ratio >= 1.25
      ? `${formatNumber(ratio, 2)}× below the noise scale`
      : ratio <= 0.8
        ? `${formatNumber(1 / ratio, 2)}× above the noise scale`
        : 'about the noise scale';
  const fewer = 1 - (1 + ratio / 2) / (1 + ratio);
  const more = (1 + 2 / ratio) / (1 + 1 / ratio) - 1;
  return `B = ${formatCount(B)} is ${where}, ${shown}: doubling B would save ${percent(fewer, 2)} of the steps and take ${percent(more, 2)} more examples, as far as B_simple is the noise scale that counts.`;
}

function ofSetting(
  { name, read }: Quantity,
  { readings, lastStep }: Recording,
  groups: readonly ReplicaGroup[],
): string | null {
  const [group] = groups;
  const isOwn = ({ replica }: Reading): boolean => replica === group!.replicas[0];
  const [first, last] = [readings.find(isOwn), readings.findLast(isOwn)];
  if (!first || !last) return null;
  const [from, to] = [read(first), read(last)];
  if (from === null || from === undefined || to === null || to === undefined) return null;
  const text =
    from === to
      ? `${formatNumber(to)} as at the start`
      : `from ${formatNumber(from)} to ${formatNumber(to)} by step ${formatCount(lastStep)}`;
  return `${name}${groups.length > 1 ? ` at first ${group!.label}` : ''}: ${text}.`;
}

function ofInstrument(
  { id, read, symbol }: Quantity,
  recording: Recording,
  groups: readonly ReplicaGroup[],
): string | null {
  const name = symbol.replace(/_\{([^}]*)\}/g, '_$1');
  const parts = groups.slice(0, 4).flatMap((group): string[] => {
    const known = (reading: Reading): boolean =>
      reading.replica === group.replicas[0] && typeof read(reading) === 'number';
    const [first, last] = [recording.readings.find(known), recording.readings.findLast(known)];
    if (!first || !last) return [];
    const whose = groups.length > 1 ? `${group.label}: ` : '';
    const value = read(last)!;
    const edge = 2 / last.learningRate;
    // Of plain gradient descent; momentum moves it.
    const against =
      id === 'eigenvalue-value' ? `, ${formatNumber(value / edge, 2)} of 2/ε = ${formatNumber(edge, 3)}` : '';
    return [
      `${whose}${name} is ${formatNumber(value, 3)} at step ${formatCount(last.step)}${against}, from ${formatNumber(read(first)!, 3)} at step ${formatCount(first.step)}`,
    ];
  });
  return parts.length === 0 ? null : `${parts.join('; ')}.`;
}

function percent(share: number, digits = 4): string {
  return `${formatNumber(100 * share, digits)} %`;
}
