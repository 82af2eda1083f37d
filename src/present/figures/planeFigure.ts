import type { Axis, ContourPanel, Figure, NamedPoint } from '../../experiments/figure.ts';
import type { PlaneResult, PlaneValues } from '../../measure/landscape/landscapeResult.ts';

/** How a plane is shown. */
export interface PlaneLook {
  /** What stands beside the training loss: the test error, or the test loss with the same levels. */
  readonly beside: 'error' | 'loss';
  /** Marks in their order, by name, that are joined by lines and lose their own names. */
  readonly trajectories: readonly (readonly string[])[];
}

/**
 * Training loss and, beside it, test error over the plane through three solutions, levels as many times one another (Garipov et al. 2018, figure 1; Izmailov et al. 2018,
 * figure 1). Without classes the test loss, without a test set the training error.
 */
export function planeFigure(
  { x, y, loss, accuracy, testLoss, testAccuracy, marks }: PlaneResult,
  { beside, trajectories }: PlaneLook = { beside: 'error', trajectories: [] },
): Figure<ContourPanel> {
  const placed = new Map(
    Object.entries(marks).map(([name, { x, y }]): [string, NamedPoint] => [
      name,
      { name: markTitle(name), x, y },
    ]),
  );
  const joined = new Set(trajectories.flat().filter((name) => !/^\d+$/.test(name)));
  const points = [...placed].flatMap(([name, point]) => (joined.has(name) ? [] : [point]));
  const paths = trajectories.map((names) => names.flatMap((name) => placed.get(name) ?? []));
  const panel = (title: string, quantity: Axis, values: PlaneValues): ContourPanel => ({
    title: values.some((row) => row.includes(null)) ? `${title} (×: not finite)` : title,
    x: { label: 'distance along û (units of θ)' },
    y: { label: 'distance along v̂ (units of θ)' },
    grid: { x, y },
    quantity: { ...quantity, log: true },
    values,
    points,
    ...(paths.length > 0 ? { paths } : {}),
  });
  const asLoss = beside === 'loss' && testLoss ? rangeOf([loss, testLoss]) : {};
  const second =
    testAccuracy && beside === 'error'
      ? panel('Test error (%)', { label: 'test error (%)' }, errors(testAccuracy))
      : testLoss
        ? panel('Test loss', { label: 'test loss', ...asLoss }, testLoss)
        : accuracy && panel('Training error (%)', { label: 'training error (%)' }, errors(accuracy));
  return {
    caption: 'The plane through three solutions',
    panels: [
      panel('Training loss', { label: 'training loss', ...asLoss }, loss),
      ...(second ? [second] : []),
    ],
  };
}

function errors(accuracy: PlaneValues): PlaneValues {
  return accuracy.map((row) => row.map((share) => (share === null ? null : 100 * (1 - share))));
}

/** From the least to the largest value of several planes; none where no value is known. */
function rangeOf(planes: readonly PlaneValues[]): Pick<Axis, 'range'> {
  const known = planes.flat(2).filter((value) => value !== null);
  if (known.length === 0) return {};
  return { range: [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))] };
}

/** What a mark is called: the three solutions, which results have as numbers, `w1` to `w3`. */
export function markTitle(name: string): string {
  return /^\d+$/.test(name) ? `w${name}` : name;
}
