import { Scope } from '../../gpu/scope.ts';
import { InputError } from '../../host/inputError.ts';
import { requireCount, requireNumber, requireSeed } from '../../host/requireNumber.ts';
import { requireOptions } from '../../host/requireOptions.ts';
import { namedValues } from '../../nn/flatValues.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32, uniform01 } from '../../random/threefry.ts';
import { lossGradient } from '../gradient/lossGradient.ts';
import { ask, type Measurement } from '../measurement.ts';
import { meanOverUnits } from '../noise.ts';
import { requireOneModel } from '../pass.ts';
import { requireFiniteLosses } from '../requireFiniteLosses.ts';
import { boxRadii } from './boxRadii.ts';
import { BoxSearch, type FoundInBox } from './boxSearch.ts';
import { Corners } from './corners.ts';
import { DisplacedLoss } from './displacedLoss.ts';
import { lossRise } from './lossRise.ts';
import { fullSpace, randomSpace, type SearchSpace } from './searchSpace.ts';

/** Which boxes are searched, and how hard. */
export interface KeskarOptions {
  /** ε of each box, positive: 10⁻³ and 5·10⁻⁴ by default, as in the paper. */
  readonly epsilon?: number | readonly number[] | undefined;
  /** p: also in a random subspace of so many dimensions; left out, in full space alone. */
  readonly subspace?: number | undefined;
  /** K of each solver: 10 by default, as in the paper. */
  readonly iterations?: number | undefined;
  /** Of the subspace and of the start; 0 by default. */
  readonly seed?: number | undefined;
}

/** Keskar's sharpness in one box. */
export interface KeskarSharpness {
  readonly epsilon: number;
  /** p; null in full space. */
  readonly subspace: number | null;
  /** 100 (max f − f(θ))/(1 + f(θ)): in percent of 1 + f(θ). */
  readonly phi: number;
  /** What of it is of first order, 100 Σ|∂f/∂z|·r/(1 + f(θ)): all of it where the gradient outweighs the curvature. */
  readonly phiFirstOrder: number;
  /** The largest loss that was found: a lower bound on that of the box. */
  readonly maximum: number;
  /** Losses with their gradients, over all examples, that the search took; that at θ left out, which all boxes share. */
  readonly evaluations: number;
  /** By which it was found. */
  readonly solver: FoundInBox['solver'];
  /** From θ to where it was found, by parameter; in full space also where the box is of a subspace. */
  readonly displacement: ReadonlyMap<string, Float32Array>;
}

/** Of the box's radii from which the second search starts, at the most. */
const START = 0.1;

/**
 * Keskar's sharpness φ (Keskar et al. 2017, metric 2.1) at a point, for each ε in full space, then for each ε in a random subspace: by how
 * much the mean loss f over all examples rises at the most in a small box around θ. Full space: |z_d| ≤ ε(|θ_d| + 1). A subspace of the
 * p columns of A, normal of unit variance and by the seed: θ + Az, |z_i| ≤ ε(|(A⁺θ)_i| + 1).
 *
 * The maximum is the largest of what projected sign ascent and L-BFGS-B find in K iterations each: a lower bound. Both search from
 * z = 0 and, since at a stationary point that has no slope to follow, from a z uniform in ±r/10 by the seed. In 12 coordinates or fewer, where
 * it costs little (`Corners.open`), that is the best corner of the box, which of a convex loss is its maximum. Sign ascent steps by the whole
 * radius, then by 2/K of it, on the device; L-BFGS-B, with a short first step and with a long one, works in float64 on the host, so that a gradient crosses with each of
 * its evaluations: P numbers in full space, p in a subspace.
 *
 * φ is no invariant: rescaling a ReLU network's layers against each other changes it at will (Dinh et al. 2017).
 * @throws InputError for what is no option; when it is measured, for more dimensions than parameters, and for a loss that is not finite, at
 *   θ or in a box
 */
export function keskar(options: KeskarOptions = {}): Measurement<readonly KeskarSharpness[]> {
  requireOptions('keskar', options, ['epsilon', 'subspace', 'iterations', 'seed']);
  const { subspace, iterations = 10, seed = 0 } = options;
  const epsilons = [options.epsilon ?? [1e-3, 5e-4]].flat();
  if (epsilons.length === 0) {
    throw new InputError('keskar', 'epsilon', 'is an empty list, expected one or more numbers above 0');
  }
  for (const epsilon of epsilons) requireNumber('keskar', 'epsilon', epsilon, { above: 0 });
  requireCount('keskar', 'iterations', iterations, 1);
  if (subspace !== undefined) requireCount('keskar', 'subspace', subspace, 1);
  requireSeed('keskar', 'seed', seed);

  return {
    async *over({ gpu, point }) {
      requireOneModel("Keskar's sharpness", point);
      const { layout, ghostBatch = 1 } = point;
      const { at } = yield* ask({ at: lossGradient });
      requireFiniteLosses(point, at.losses);
      const f = meanOverUnits(at.losses, ghostBatch);
      const boxes: (FoundInBox & Pick<KeskarSharpness, 'epsilon' | 'subspace'>)[] = [];
      const scope = new Scope();
      try {
        const loss = scope.own(await DisplacedLoss.open(gpu, point));
        const spaces = [
          () => fullSpace(point),
          ...(subspace === undefined
            ? []
            : [() => randomSpace(gpu, scope, point, { columns: subspace, seed })]),
        ];
        for (const open of spaces) {
          const space = await open();
          const search = scope.own(await BoxSearch.open(gpu, loss, space, iterations));
          const corners = await Corners.open(gpu, point, space);
          if (corners) scope.own(corners);
          for (const epsilon of epsilons) {
            const radii = boxRadii(space.coordinates, epsilon).map((r, i) => (space.moves(i) ? r : 0));
            const start = (await corners?.best(radii)) ?? startIn(space, radii, seed);
            boxes.push({
              epsilon,
              subspace: space.subspace,
              ...(await search.search(radii, at.gradient, start)),
            });
            // A round of nothing: others go on meanwhile, and who asks is told.
            yield* ask({});
          }
        }
      } finally {
        scope.dispose();
      }
      const rises = yield* ask(
        Object.fromEntries(boxes.map(({ displacement }, k) => [`${k}`, lossRise(displacement)])),
      );
      return boxes.map(({ displacement, firstOrder, ...box }, k) => {
        const rise = rises[`${k}`] as number;
        if (!Number.isFinite(rise)) {
          const reason = `the loss in the box of ε = ${box.epsilon} is no finite number of float32; take a smaller ε`;
          throw new InputError('keskar', 'epsilon', reason);
        }
        return {
          ...box,
          phi: (100 * rise) / (1 + f),
          phiFirstOrder: (100 * firstOrder) / (1 + f),
          maximum: f + rise,
          displacement: namedValues(layout, displacement) as ReadonlyMap<string, Float32Array>,
        };
      });
    },
  };
}

/** Where a search starts: uniform in ±r/10, by the seed and the coordinate alone. */
function startIn({ subspace }: SearchSpace, radii: Float32Array, seed: number): Float32Array {
  const stream = subspace === null ? 0 : 1;
  return radii.map((radius, i) => {
    const words = threefry2x32(seed, purpose.sharpnessStart, stream, i >> 1);
    return START * radius * (2 * uniform01(words[i & 1]!) - 1);
  });
}
