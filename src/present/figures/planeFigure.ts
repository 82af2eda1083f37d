import type { ContourPanel, Figure } from '../../experiments/figure.ts';
import type { PlaneResult, PlaneValues } from '../../measure/landscape/landscapeResult.ts';

/**
 * Training loss and, beside it, test error over the plane through three solutions, levels as many times one another (Garipov et al. 2018, figure 1; Izmailov et al. 2018,
 * figure 1). Without classes the test loss, without a test set the training error.
 */
export function planeFigure({
  x,
  y,
  loss,
  accuracy,
  testLoss,
  testAccuracy,
  marks,
}: PlaneResult): Figure<ContourPanel> {
  const points = Object.entries(marks).map(([name, { x, y }]) => ({
    name: /^\d+$/.test(name) ? `w${name}` : name,
    x,
    y,
  }));
  const panel = (title: string, label: string, values: PlaneValues): ContourPanel => ({
    title: values.some((row) => row.includes(null)) ? `${title} (×: not finite)` : title,
    x: { label: 'distance along û (units of θ)' },
    y: { label: 'distance along v̂ (units of θ)' },
    grid: { x, y },
    quantity: { label, log: true },
    values,
    points,
  });
  const second = testAccuracy
    ? panel('Test error (%)', 'test error (%)', errors(testAccuracy))
    : testLoss
      ? panel('Test loss', 'test loss', testLoss)
      : accuracy && panel('Training error (%)', 'training error (%)', errors(accuracy));
  return {
    caption: 'The plane through three solutions',
    panels: [panel('Training loss', 'training loss', loss), ...(second ? [second] : [])],
  };
}

function errors(accuracy: PlaneValues): PlaneValues {
  return accuracy.map((row) => row.map((share) => (share === null ? null : 100 * (1 - share))));
}
