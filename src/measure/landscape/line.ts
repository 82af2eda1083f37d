import type { Gpu } from '../../gpu/device.ts';
import { InputError } from '../../host/inputError.ts';
import { showValue } from '../../host/showValue.ts';
import { bufferLayout } from '../../nn/batchNorm.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import { evaluatePoints } from './evaluatePoints.ts';
import { distanceBetween } from './flatGeometry.ts';
import {
  evenly,
  type LandscapeInput,
  type LandscapeProgress,
  type NamedWeights,
  requireHeld,
} from './landscapeInput.ts';
import type { LineResult } from './landscapeResult.ts';

/** Which line, and where on it. */
export interface LineOptions {
  /** At t = 0. */
  readonly from: NamedWeights;
  /** At t = 1. */
  readonly to: NamedWeights;
  /** Of t, ends included. */
  readonly range: readonly [number, number];
  readonly points: number;
  /** cos(tπ/2) and sin(tπ/2) as weights, not 1 − t and t. */
  readonly curved: boolean;
}

/**
 * The loss along the line through two solutions, or a curve through them (Keskar et al. 2017, figures 3 and 4; Goodfellow et al. 2015). At t = 0
 * and t = 1 the parameters are those of the files, bit by bit, but where it is curved (cos(π/2) is 6·10⁻¹⁷).
 * @throws InputError for a range or points that are none, and for a batch that BatchNorm cannot have
 * @throws LimitError if one point does not fit on the adapter
 */
export async function* lossOnLine(
  gpu: Gpu,
  input: LandscapeInput,
  { from, to, range, points, curved }: LineOptions,
): AsyncGenerator<LandscapeProgress, LineResult, void> {
  if (!(Number.isFinite(range[0]) && Number.isFinite(range[1]) && range[0] < range[1])) {
    const found = `is ${range.map(showValue).join(' ')}`;
    throw new InputError('landscape', 'range', `${found}, expected two numbers, the first below the second`);
  }
  requireHeld('points', [points]);
  const at = evenly('points', range, points);
  const layout = parameterLayout(input.model);
  const ends = [from, to].map(({ values }) => flatValues(layout, values));
  const distance = distanceBetween(ends[0]!, ends[1]!);
  const statistics = [from, to].map(({ values }) => flatValues(bufferLayout(input.model), values));
  const { values, facts } = yield* evaluatePoints(gpu, input, {
    origin: null,
    spans: 1,
    directions: 2,
    vectors: () => ends,
    coefficients: at.map((t) =>
      curved ? [Math.cos((t * Math.PI) / 2), Math.sin((t * Math.PI) / 2)] : [1 - t, t],
    ),
    statistics,
  });
  const same = distance === 0 ? [`${from.name} and ${to.name} hold the same parameters`] : [];
  return {
    kind: 'line',
    curved,
    distance,
    ...facts,
    warnings: [...same, ...facts.warnings],
    points: at.map((t, i) => ({ t, ...values[0]![i]! })),
  };
}
