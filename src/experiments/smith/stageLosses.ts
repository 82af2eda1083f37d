import { pseudovalues } from '../../measure/statistics/pseudovalues.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Panel, Table } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import {
  expectedUpdates,
  LOOKS,
  type ScheduleCell,
  type ScheduleEvidence,
  type ScheduleProtocol,
} from './scheduleStudy.ts';
import type { ArmName } from './schedules.ts';

/** Cells of the study that are done. */
export type ScheduleFound = readonly CellEvidence<ScheduleCell, ScheduleEvidence>[];

type UnitEvidence = ScheduleEvidence['units'][number];

/** All units of an arm, in their order. */
export function unitsOf(found: ScheduleFound, arm: ArmName): readonly UnitEvidence[] {
  return found.filter(({ cell }) => cell.arm === arm).flatMap(({ evidence }) => evidence.units);
}

/**
 * How far an arm's loss lies above another's in each stage after the first: the mean difference of ln loss over the looks of the stage, in standard
 * deviations of ln loss by the order of examples, which is what `again` differs from `decay` by. By unit as pseudovalues, so that the
 * interval of the ratio holds the error of that standard deviation too.
 */
function apart(found: ScheduleFound, arm: ArmName, from: ArmName): (number | null)[][] | null {
  const all = [arm, from, 'again', 'decay'].map((name) => unitsOf(found, name as ArmName));
  if (all.flat().some(({ losses }) => losses.some((loss) => loss === null))) return null;
  const [ours, theirs, again, decay] = all.map((units) =>
    units.map(({ losses }) => losses.slice(LOOKS).map((loss) => Math.log(loss!))),
  ) as [number[][], number[][], number[][], number[][]];
  const stages = (ours[0]?.length ?? 0) / LOOKS;
  // Of the difference of two orders; of one it is √2 less.
  const variances = again.map((losses, u) => mean(losses.map((loss, i) => (loss - decay[u]![i]!) ** 2)) / 2);
  return Array.from({ length: stages }, (_, k) => {
    const differences = ours.map((losses, u) =>
      mean(losses.slice(k * LOOKS, (k + 1) * LOOKS).map((loss, i) => loss - theirs[u]![k * LOOKS + i]!)),
    );
    return pseudovalues(ours.length, (kept) => {
      const scatter = Math.sqrt(mean(kept.map((u) => variances[u]!)));
      return scatter > 0 ? mean(kept.map((u) => differences[u]!)) / scatter : null;
    });
  });
}

/** Differences in standard deviations by order, stage by stage. @param margin of each */
export function curveEffects(
  found: ScheduleFound,
  protocol: ScheduleProtocol,
  {
    arm,
    from,
    margin,
  }: { readonly arm: ArmName; readonly from: ArmName; readonly margin: Measured['margin'] },
): Measured[] {
  const values = apart(found, arm, from);
  const missing = unitsOf(found, arm).map(() => null);
  return protocol.cuts.slice(1).map((until, k) => ({
    name: `D, epochs ${protocol.cuts[k]} to ${until}, ${arm} less ${from}`,
    values: values?.[k] ?? missing,
    margin,
  }));
}

/** In points, by unit. */
export function accuracyEffect(
  found: ScheduleFound,
  {
    arm,
    from,
    margin,
  }: { readonly arm: ArmName; readonly from: ArmName; readonly margin: Measured['margin'] },
): Measured {
  const theirs = unitsOf(found, from);
  return {
    name: `accuracy, points, ${arm} less ${from}`,
    values: unitsOf(found, arm).map(({ testAccuracy }, u) => {
      const other = theirs[u]?.testAccuracy ?? null;
      return testAccuracy === null || other === null ? null : 100 * (testAccuracy - other);
    }),
    margin,
  };
}

/** Updates that were taken over those of the arithmetic: 1 exactly. */
export function updatesEffect(found: ScheduleFound, protocol: ScheduleProtocol, arm: ArmName): Measured {
  const expected = expectedUpdates(arm, protocol);
  return {
    name: `updates of ${arm} over ${expected.toLocaleString('en')}`,
    values: found
      .filter(({ cell }) => cell.arm === arm)
      .flatMap(({ cell, evidence }) => new Array<number>(cell.units).fill(evidence.updates / expected)),
    margin: [1, 1],
  };
}

/** What an arm with a larger g from the start has to show against growth: its accuracy, and the updates that it saves. @param margin of the accuracy */
export function againstGrowth(
  found: ScheduleFound,
  protocol: ScheduleProtocol,
  { arm, margin }: { readonly arm: ArmName; readonly margin: Measured['margin'] },
): Measured[] {
  const updates = updatesEffect(found, protocol, arm);
  const share = expectedUpdates(arm, protocol) / expectedUpdates('growth', protocol);
  return [
    accuracyEffect(found, { arm, from: 'growth', margin }),
    {
      name: 'updates over those of growth',
      values: updates.values.map((value) => (value === null ? null : value * share)),
      margin: [null, 0.4],
    },
    updates,
  ];
}

/** Mean training loss of arms over the looks, by epoch of the whole run. */
export function lossPanel(found: ScheduleFound, protocol: ScheduleProtocol, arms: readonly ArmName[]): Panel {
  return {
    title: 'Training loss, mean over units',
    x: { label: 'epochs (of decay, where stages are shorter)' },
    y: { label: 'cross-entropy', log: true },
    marks: arms.map((arm, colour) => {
      const units = unitsOf(found, arm);
      return {
        mark: 'line',
        name: arm,
        look: { colour, dashed: arm !== 'decay', marked: true },
        points: (units[0]?.losses ?? []).map((_, look) => {
          const losses = units.map(({ losses: own }) => own[look]!);
          return {
            x: epochOf(protocol, look),
            y: losses.some((loss) => loss === null) ? null : mean(losses as number[]),
          };
        }),
      };
    }),
  };
}

/** The same over the updates, which is what a larger B saves. */
export function updatesPanel(found: ScheduleFound, arms: readonly ArmName[]): Panel {
  return {
    title: 'Updates taken, and test accuracy',
    x: { label: 'updates', log: true },
    y: { label: 'test accuracy, mean over units' },
    marks: arms.map((arm, colour) => {
      const known = unitsOf(found, arm).flatMap(({ testAccuracy }) =>
        testAccuracy === null ? [] : [testAccuracy],
      );
      const updates = found.find(({ cell }) => cell.arm === arm)?.evidence.updates ?? 0;
      return {
        mark: 'dots',
        name: arm,
        look: { colour },
        points: known.length > 0 && updates > 0 ? [{ x: updates, y: mean(known) }] : [],
      };
    }),
  };
}

/** What each arm came to. */
export function armsTable(found: ScheduleFound, arms: readonly ArmName[]): Table {
  return {
    title: 'Arms, means over units',
    columns: ['arm', 'updates', 'training loss', 'test accuracy, %'],
    rows: arms.map((arm) => {
      const units = unitsOf(found, arm);
      const of = (values: readonly (number | null)[]): number | null =>
        values.length === 0 || values.some((value) => value === null) ? null : mean(values as number[]);
      const loss = of(units.map(({ losses }) => losses.at(-1)!));
      const accuracy = of(units.map(({ testAccuracy }) => testAccuracy));
      return [
        arm,
        found.find(({ cell }) => cell.arm === arm)?.evidence.updates ?? null,
        loss === null ? null : Number(loss.toPrecision(4)),
        accuracy === null ? null : Number((100 * accuracy).toFixed(2)),
      ];
    }),
  };
}

function epochOf({ cuts }: ScheduleProtocol, look: number): number {
  const stage = Math.floor(look / LOOKS);
  const start = cuts[stage - 1] ?? 0;
  return start + ((cuts[stage]! - start) * ((look % LOOKS) + 1)) / LOOKS;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
