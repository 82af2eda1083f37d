import type { Figure } from '../../experiments/figure.ts';
import type { SpectralDensity } from '../../measure/curvature/spectralDensity.ts';

/** Densities below this share of the largest are left out: of no start, but of how wide its Gaussians are. */
const LEAST = 1e-6;
/** Standard errors to either side, as of a normal 95 % interval. */
const SIDE = 1.96;

/**
 * The density of a matrix's eigenvalues, on a logarithmic axis: a few lie far out, and nearly all near 0. With the band of 95 % over the random
 * starts, where there are several.
 * @param operator whose eigenvalues they are
 */
export function densityFigure(
  { grid, density, stderr, sigma, starts }: SpectralDensity,
  operator = 'Hessian',
): Figure {
  const least = LEAST * Math.max(...density);
  const points = grid.map((x, i) => ({ x, y: density[i]! > least ? density[i]! : null }));
  const floored = (value: number): number => Math.max(least, value);
  const band = stderr
    ? grid.map((x, i) => {
        const [value, error] = [density[i]!, SIDE * stderr[i]!];
        return { x, range: [floored(value - error), floored(value + error)] as const };
      })
    : [];
  return {
    caption: `Density of the ${operator}’s eigenvalues, from ${starts} random starts`,
    panels: [
      {
        title: `Each eigenvalue a Gaussian of width ${sigma.toPrecision(2)}`,
        x: { label: 'eigenvalue λ' },
        y: { label: 'share of all, per unit of λ', log: true },
        marks: [
          ...(band.length > 0
            ? [{ mark: 'area', name: '95 % interval', points: band, look: { colour: 0 } } as const]
            : []),
          { mark: 'line', name: 'density', points, look: { colour: 0 } },
        ],
      },
    ],
  };
}
