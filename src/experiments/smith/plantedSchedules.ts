import { normalOf } from '../../random/normal.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import type { CellEvidence } from '../experiment.ts';
import {
  expectedUpdates,
  LOOKS,
  type ScheduleCell,
  type ScheduleEvidence,
  type ScheduleProtocol,
  scheduleStudy,
} from './scheduleStudy.ts';
import type { ArmName } from './schedules.ts';

/** An arm against `decay`: of ln loss in standard deviations by order, in each stage after the first; of test accuracy in points. */
export interface ArmOffset {
  readonly d: number;
  readonly points: number;
}

/** Standard deviations in the pilot, seeds 0 to 2: of ln loss and accuracy between units, by order, and of one look. */
const SCATTER = { unit: 0.025, order: 0.002, look: 0.002, accuracy: 0.004, difference: 0.0018 };
/** Of decay in the pilot. */
const DECAY = { loss: 1.15, accuracy: 0.925 };

/**
 * Evidence in which an arm is as it is told, against decay: the scatter of units, which arms share, and that of single looks are the pilot's.
 * Arms that are not named are as decay.
 */
export function plantedSchedules(
  offsets: Readonly<Partial<Record<ArmName, ArmOffset>>>,
  protocol: ScheduleProtocol,
  seed: number,
): CellEvidence<ScheduleCell, ScheduleEvidence>[] {
  return scheduleStudy.cells(protocol).map((cell) => {
    const { d, points } = offsets[cell.arm] ?? { d: 0, points: 0 };
    const arm = numberOf(cell.arm);
    const units = Array.from({ length: cell.units }, (_, u) => {
      const unit = cell.unit + u;
      const z = (place: number): number => normalOf(threefry2x32(seed, purpose.experimentPart, unit, place));
      const own = SCATTER.unit * z(0);
      const losses = Array.from({ length: cell.cuts.length * LOOKS }, (_, look) => {
        const stage = Math.floor(look / LOOKS);
        // Of one order by which an arm differs: that of all its looks, and that of each.
        const apart =
          stage > 0 ? d * Math.hypot(SCATTER.order, SCATTER.look) + SCATTER.order * z(100 * arm + 90) : 0;
        return DECAY.loss * Math.exp(0.2 / (1 + look) + own + apart + SCATTER.look * z(100 * arm + look + 1));
      });
      const testAccuracy =
        DECAY.accuracy + SCATTER.accuracy * z(50) + points / 100 + SCATTER.difference * z(100 * arm + 60);
      return { seed: unit, losses, testAccuracy, testLoss: 0.5 };
    });
    return { cell, evidence: { updates: expectedUpdates(cell.arm, protocol), units } };
  });
}

function numberOf(arm: ArmName): number {
  return 1 + [...arm].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % 10_007, 0);
}
