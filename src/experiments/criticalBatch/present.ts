import type { BranchedCriticalBatch } from '../../measure/statistics/branchedCriticalBatch.ts';
import type { Effect, Interval } from '../../measure/statistics/interval.ts';
import type { Outcome } from '../experiment.ts';
import type { Figure, FigurePoint, Table } from '../figure.ts';
import type { CriticalBatchOutcome } from './summariseCriticalBatch.ts';

/** Losses of the branches over their batch sizes; and the batch sizes over the steps. */
export function branchesFigure({ detail }: Outcome<CriticalBatchOutcome>): Figure {
  const { snapshots, control } = detail;
  const last = snapshots.at(-1)!;
  const curves = [
    ...snapshots.map(({ step, branches, ...found }) => ({
      name: `step ${step}`,
      branches,
      B: unitOf(found),
    })),
    { name: `step ${last.step}, other orders`, branches: control.branches, B: unitOf(control) },
  ];
  const over = (of: (snapshot: (typeof snapshots)[number]) => Omit<FigurePoint, 'x'>): FigurePoint[] =>
    snapshots.map((snapshot) => ({ x: snapshot.step, ...of(snapshot) }));
  return {
    caption: 'How far larger batches keep up, from each snapshot',
    panels: [
      {
        title: 'Smoothed loss after the window',
        x: { label: 'kB', log: true },
        y: { label: 'loss', log: true },
        marks: curves.map(({ name, branches, B }) => ({
          mark: 'line',
          name,
          points: branches.map(({ factor, losses }) => {
            const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
            return { x: factor * B, y: Number.isFinite(mean) ? mean : null };
          }),
        })),
      },
      {
        title: 'Batch sizes',
        x: { label: 'step', log: true },
        y: { label: 'examples', log: true },
        marks: [
          {
            mark: 'dots',
            name: 'critical',
            points: over((found) => {
              const [low, high] = found.logFactorInterval ?? [null, null];
              const interval: Interval = [batchAt(found, low), batchAt(found, high)];
              return { y: batchAt(found, found.logFactor), interval };
            }),
          },
          { mark: 'line', name: 'B_simple', points: over(({ bSimple }) => ({ y: bSimple })) },
          { mark: 'line', name: 'B_noise', points: over(({ bNoise }) => ({ y: bNoise })) },
        ],
      },
    ],
  };
}

/** Each snapshot's batch sizes, and the control's. */
export function criticalBatchTables({ detail }: Outcome<CriticalBatchOutcome>): Table[] {
  const critical = (found: BranchedCriticalBatch): (string | Effect)[] => [
    `${found.atLeast ? '≥ ' : ''}${found.atMost ? '≤ ' : ''}${found.batchSize}`,
    between(found),
  ];
  return [
    {
      title: 'Batch sizes at each snapshot',
      columns: ['step', 'loss', 'B_crit', 'between the grid’s', 'B_simple', 'B_noise', '± (probes)'],
      rows: [
        ...detail.snapshots.map(({ step, loss, bSimple, bNoise, bNoiseProbeStderr, ...found }) => [
          `${step}`,
          loss,
          ...critical(found),
          bSimple,
          bNoise,
          bNoiseProbeStderr,
        ]),
        [
          `${detail.snapshots.at(-1)!.step}, other orders`,
          null,
          ...critical(detail.control),
          null,
          null,
          null,
        ],
      ],
    },
  ];
}

/** The trunk's B. */
function unitOf({ batchSize, factor }: Pick<BranchedCriticalBatch, 'batchSize' | 'factor'>): number {
  return batchSize / factor;
}

function batchAt(found: BranchedCriticalBatch, logFactor: number): number;
function batchAt(found: BranchedCriticalBatch, logFactor: number | null): number | null;
function batchAt(found: BranchedCriticalBatch, logFactor: number | null): number | null {
  return logFactor === null ? null : unitOf(found) * 2 ** logFactor;
}

/** The critical batch between the grid's, with its interval. */
function between(found: BranchedCriticalBatch): Effect {
  const [low, high] = found.logFactorInterval ?? [null, null];
  return {
    value: batchAt(found, found.logFactor),
    interval: [batchAt(found, low), batchAt(found, high)],
  };
}

export function showEffect({ value, interval: [low, high] }: Effect): string {
  return `${value.toPrecision(3)} [${low === null ? '−∞' : low.toPrecision(3)}, ${high === null ? '∞' : high.toPrecision(3)}]`;
}
