import {
  compareExactly,
  compareNumber,
  type Deviation,
  type Json,
  type Tensors,
  tolerances,
} from './deviation.ts';
import { displaced, dot, flatten, norm, parametersOf, under } from './flatVector.ts';

/** What the answer knows of an entry of `keskar`. */
interface ExpectedBox {
  readonly epsilon: number;
  readonly subspace: number | null;
  readonly phiFirstOrder?: number;
  readonly exactMaximum?: number;
  readonly scipyMaximum?: number;
}
interface FoundBox {
  readonly epsilon: number;
  readonly phi: number;
  readonly phiFirstOrder: number;
  readonly maximum: number;
  readonly evaluations: number;
  readonly solver: string;
}

/** A mean loss in float32 is right to so much of 1 + f, and no difference of two is better. */
const ROUNDING = 1e-6;
/** Of a gradient that is 0 but for rounding, the norm may be so much. */
const NO_GRADIENT = 5e-6;
/** Of the rise to an exact maximum, and to SciPy's, whose iterations are in float64. */
const BELOW_EXACT = 0.02;
const BELOW_SCIPY = 1e-3;
/** The length of a Gaussian column of P elements is √P to so many standard deviations of 1/√2. */
const DEVIATIONS = 4.5;

/**
 * A result of `basin sharpness` and its tensors against the expected ones.
 * @param gradient ∇f at the weights, by name
 * @param lossAt f anywhere, by another job
 */
export async function compareSharpness(
  result: Json,
  tensors: Tensors,
  expected: Json,
  gradient: Tensors,
  start: Tensors,
  lossAt: (weights: Tensors) => Promise<number>,
): Promise<Deviation[]> {
  const wanted = expected.keskar as ExpectedBox[];
  const found = (result.keskar ?? []) as FoundBox[];
  const f = expected.loss as number;
  const rounding = ROUNDING * (1 + f);
  const theta = parametersOf(start);
  const names = [...theta.keys()];
  const deviations = [
    compareNumber('loss', result.loss, f, tolerances.loss),
    compareNumber(
      'gradNorm',
      result.gradNorm,
      expected.gradNorm as number,
      tolerances.gradNormSq,
      NO_GRADIENT,
    ),
    compareExactly(
      'keskar',
      found.map(({ epsilon, ...one }) => [epsilon, (one as Json).subspace]),
      wanted.map(({ epsilon, subspace }) => [epsilon, subspace]),
    ),
    compareExactly(
      'tensor names',
      [...tensors.keys()].sort(),
      wanted.flatMap((_, k) => names.map((name) => `keskar.${k}.${name}`)).sort(),
    ),
    ...compareStep('sam', result, expected, ['rho'], rounding),
    ...compareStep('adaptive', result, expected, ['rho', 'eta'], rounding),
  ];

  for (const [k, box] of wanted.entries()) {
    const own = found[k];
    const key = (last: string) => `keskar.${k}.${last}`;
    if (!own) continue;
    const displacement = under(`keskar.${k}.`, tensors);
    const rise = own.maximum - f;
    deviations.push(
      compareNumber(key('phi'), own.phi, (100 * rise) / (1 + f), 1e-3, (100 * 2 * rounding) / (1 + f)),
      compareNumber(
        key('maximum'),
        await lossAt(displaced(start, displacement)),
        own.maximum,
        0,
        1e-3 * Math.abs(rise) + 2 * rounding,
      ),
      {
        key: key('evaluations'),
        ratio: Number.isInteger(own.evaluations) && own.evaluations > 0 && own.solver ? 0 : Infinity,
        detail: `${own.evaluations} by ${own.solver}, expected a count and a name`,
      },
    );
    if (box.subspace !== null) continue;

    const radius = flatten(theta, names).map((value) => box.epsilon * (Math.abs(value) + 1));
    const z = flatten(displacement, names);
    // The weights with the displacement are float32, and so is what their difference says.
    const outside = z.map((value, i) => Math.abs(value) - radius[i]! - 2 ** -23 * (radius[i]! / box.epsilon));
    deviations.push(
      compareNumber(
        key('phiFirstOrder'),
        own.phiFirstOrder,
        box.phiFirstOrder!,
        tolerances.grad,
        (100 * NO_GRADIENT * norm(radius)) / (1 + f),
      ),
      {
        key: key('box'),
        ratio: z.length === radius.length && Math.max(...outside) <= 0 ? 0 : Infinity,
        detail: `a displacement passes the box by ${Math.max(...outside)}`,
      },
      ...compareMaximum(key, own.maximum, f, box, rounding),
    );
  }

  const inSubspace = wanted.flatMap((box, k) => (box.subspace !== null && found[k] ? [k] : []));
  if (inSubspace.length > 0) {
    const vectors = inSubspace.map((k) => flatten(under(`keskar.${k}.`, tensors), names));
    deviations.push(
      ...compareSubspace(
        inSubspace.map((k) => found[k]!),
        wanted[inSubspace[0]!]!.subspace!,
        vectors,
        flatten(theta, names),
        flatten(under('grad.', gradient), names),
        f,
      ),
    );
  }
  return deviations;
}

function compareStep(
  name: 'sam' | 'adaptive',
  result: Json,
  expected: Json,
  settings: readonly string[],
  rounding: number,
): Deviation[] {
  const wanted = expected[name] as Record<string, number> | undefined;
  if (!wanted) return [];
  const found = (result[name] ?? {}) as Json;
  return [
    ...settings.map((key) => compareExactly(`${name}.${key}`, found[key], wanted[key])),
    compareNumber(`${name}.value`, found.value, wanted.value!, 1e-3, 2 * rounding),
  ];
}

/** The maximum between what another solver found, or the exact one, and no more than the exact one. */
function compareMaximum(
  key: (last: string) => string,
  maximum: number,
  f: number,
  { exactMaximum, scipyMaximum }: ExpectedBox,
  rounding: number,
): Deviation[] {
  const least = (exactMaximum ?? scipyMaximum)!;
  const share = exactMaximum === undefined ? BELOW_SCIPY : BELOW_EXACT;
  const below = {
    key: key(exactMaximum === undefined ? 'belowScipy' : 'belowExact'),
    ratio: Math.max(0, least - maximum) / (share * (least - f) + 2 * rounding),
    detail: `${maximum}, expected ${least} or nearly`,
  };
  if (exactMaximum === undefined) return [below];
  const above = Math.max(0, maximum - exactMaximum) / (1e-3 * (exactMaximum - f) + 2 * rounding);
  return [
    below,
    { key: key('aboveExact'), ratio: above, detail: `${maximum}, expected at most ${exactMaximum}` },
  ];
}

/**
 * What holds of any p Gaussian columns. All displacements lie in one space of p dimensions; f rises along them no more
 * than to first order; radii grow with ε. One column is known from a displacement, but for its length: the maximum of a
 * nearly linear f lies at an end of the box.
 */
function compareSubspace(
  found: readonly FoundBox[],
  p: number,
  vectors: readonly number[][],
  theta: readonly number[],
  gradient: readonly number[],
  f: number,
): Deviation[] {
  const share = 1e-3;
  const P = theta.length;
  const deviations: Deviation[] = [
    { key: 'subspace.rank', ratio: beyond(vectors, p) / share, detail: `a part outside ${p} dimensions` },
  ];
  const perEpsilon = found.map(({ epsilon, phiFirstOrder }) => phiFirstOrder / epsilon);
  deviations.push(
    ...perEpsilon.map((value, k) =>
      compareNumber(`subspace.${k}.phiFirstOrder/ε`, value, perEpsilon[0]!, 1e-4),
    ),
    ...found.map(({ phiFirstOrder }, k) => {
      const along = (100 * dot(gradient, vectors[k]!)) / (1 + f);
      const ratio = p === 1 ? Math.abs(along / phiFirstOrder - 1) : Math.max(0, along / phiFirstOrder - 1);
      return {
        key: `subspace.${k}.along`,
        ratio: ratio / share,
        detail: `${along}, expected ${phiFirstOrder}`,
      };
    }),
  );
  // Σ|aᵢᵀg| rᵢ of Gaussian columns, with the mean of |aᵢᵀg| = |g|√(2/π) and |(A⁺θ)ᵢ| of about |θ|/√P or less.
  const least = 100 * norm(gradient) * Math.sqrt(2 / Math.PI) * (p / (1 + f));
  if (p >= 10) {
    const [low, high] = [0.4 * least, 2 * least * (1 + norm(theta) / Math.sqrt(P))];
    deviations.push({
      key: 'subspace.scale',
      ratio: perEpsilon[0]! >= low && perEpsilon[0]! <= high ? 0 : Infinity,
      detail: `phiFirstOrder/ε ${perEpsilon[0]}, expected ${low} to ${high}`,
    });
  }
  if (p === 1) {
    const lengths = found.map(({ epsilon }, k) => {
      const unit = vectors[k]!.map((value) => value / norm(vectors[k]!));
      return norm(vectors[k]!) / epsilon - Math.abs(dot(unit, theta));
    });
    const spread = DEVIATIONS / Math.SQRT2;
    deviations.push(
      ...lengths.map((length, k) => compareNumber(`subspace.${k}.length`, length, lengths[0]!, share)),
      compareNumber('subspace.length', lengths[0], Math.sqrt(P), 0, spread),
    );
  }
  return deviations;
}

/** The largest part of any vector, relative to it, that p of them do not span: Gram–Schmidt with pivots. */
function beyond(vectors: readonly number[][], p: number): number {
  let rest = vectors.map((vector) => vector.map((value) => value / norm(vector)));
  for (let i = 0; i < p && i < vectors.length; i++) {
    const pivot = rest.reduce((most, vector) => (norm(vector) > norm(most) ? vector : most));
    const length = norm(pivot);
    if (length < 1e-6) return 0;
    const unit = pivot.map((value) => value / length);
    rest = rest.map((vector) => {
      const along = dot(unit, vector);
      return vector.map((value, j) => value - along * unit[j]!);
    });
  }
  return Math.max(...rest.map(norm));
}
