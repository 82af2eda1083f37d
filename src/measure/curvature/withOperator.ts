import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import type { Point } from '../pass.ts';
import { type CurvatureKind, CurvatureOperator } from './operator.ts';

/** Vectors that are multiplied in one pass over the data where there are many. */
export const WIDTH = 4;

/** Opens a matrix at a point, takes what is wanted of it, and frees it. */
export function withOperator<T>(
  gpu: Gpu,
  point: Point,
  kind: CurvatureKind,
  take: (operator: CurvatureOperator) => Promise<T>,
): Promise<T> {
  return Scope.within(async (scope) => {
    return take(scope.own(await CurvatureOperator.open(gpu, point, WIDTH, kind)));
  });
}
