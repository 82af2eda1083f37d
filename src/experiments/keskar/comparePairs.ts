import type { Arm, MeasuredSolution, PairsFound, PairsProtocol } from './pairsStudy.ts';

/**
 * Which two solutions of a unit are compared, the second one against the first: the large batch's with the small one's at the ε that they
 * share, or each at its own best; or two of the small batch, which differ in their order alone.
 */
export type Pair = 'same' | 'tuned' | 'twins';

/** What is asked of a pair of solutions at one training loss. */
export interface Compared {
  readonly found: PairsFound;
  readonly protocol: PairsProtocol;
  readonly pair: Pair;
  /** Which goal: 0 is the lowest training loss. */
  readonly goal: number;
}

/** Of each unit; null where one of the two did not come to the goal. */
export function comparePairs(
  { found, protocol, pair, goal }: Compared,
  of: (second: MeasuredSolution, first: MeasuredSolution) => number,
): (number | null)[] {
  const { lr } = protocol;
  const small = pair === 'tuned' ? tunedRate(found, protocol, 'small', goal) : lr;
  const large = pair === 'tuned' ? tunedRate(found, protocol, 'large', goal) : lr;
  return found.map(({ evidence: { arms } }) => {
    const solution = (batch: Arm['batch'], rate: number | null, order: number): MeasuredSolution | null =>
      arms.find((arm) => arm.batch === batch && arm.lr === rate && arm.order === order)?.solutions[goal] ??
      null;
    const first = solution('small', small, 0);
    const second = pair === 'twins' ? solution('small', lr, 1) : solution('large', large, 0);
    return first && second ? of(second, first) : null;
  });
}

/** The rates of a batch, of which every unit came to the goal, with the mean accuracy over the validation part. */
export function tunedRates(
  found: PairsFound,
  protocol: PairsProtocol,
  batch: Arm['batch'],
  goal: number,
): { readonly lr: number; readonly accuracy: number | null }[] {
  const rates = batch === 'small' ? protocol.smallRates : protocol.largeRates;
  return rates.map((lr) => {
    const accuracies = found.map(
      ({ evidence: { arms } }) =>
        arms.find((arm) => arm.batch === batch && arm.lr === lr && arm.order === 0)?.solutions[goal]
          ?.validationAccuracy ?? null,
    );
    const there = accuracies.flatMap((accuracy) => (accuracy === null ? [] : [accuracy]));
    const all = there.length === accuracies.length && there.length > 0;
    return { lr, accuracy: all ? there.reduce((sum, one) => sum + one, 0) / there.length : null };
  });
}

/** The ε of the highest of them: one for all units, so that none chooses for itself. */
export function tunedRate(
  found: PairsFound,
  protocol: PairsProtocol,
  batch: Arm['batch'],
  goal: number,
): number | null {
  return tunedRates(found, protocol, batch, goal).reduce<{ lr: number | null; accuracy: number }>(
    (best, { lr, accuracy }) => (accuracy !== null && accuracy > best.accuracy ? { lr, accuracy } : best),
    { lr: null, accuracy: Number.NEGATIVE_INFINITY },
  ).lr;
}
