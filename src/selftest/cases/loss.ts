import { correct, fill, softmax, softmaxCrossEntropy, softTargetCrossEntropy } from '../../ops/index.ts';
import {
  softmaxCrossEntropyGradient,
  softmaxCrossEntropyWithGradient,
} from '../../ops/softmaxCrossEntropy.ts';
import { softmaxJacobian } from '../../ops/softmaxJacobian.ts';
import { correct as correctReference } from '../../reference/correct.ts';
import { softmaxCrossEntropy as reference } from '../../reference/softmaxCrossEntropy.ts';
import { softmaxJacobian as jacobianReference } from '../../reference/softmaxJacobian.ts';
import { softTargetCrossEntropy as softTargetReference } from '../../reference/softTargetCrossEntropy.ts';
import { expError, productScale, sumTolerance, U } from '../tolerance.ts';
import { shapeName, type Trial } from '../trial.ts';
import { given, integers, random } from '../values.ts';

/** Logits are in [−LARGEST, LARGEST]. */
const LARGEST = 6;

const SHAPES = [
  [1, 1],
  [1, 33],
  [33, 65],
  [65, 10],
  [127, 2],
  [16, 127],
] as const;

/**
 * A probability is a quotient of an exponential and a sum of `classes` of them, each with its own error; a loss adds a
 * logarithm (absolute error 2⁻²¹ near 1) and two roundings of numbers up to 2·LARGEST.
 */
function tolerances(classes: number): { loss: number; gradient: number } {
  const probability = 2 * expError(2 * LARGEST) + U * (6 + 4 * Math.sqrt(classes));
  return { gradient: probability, loss: probability + 2 ** -21 + 4 * U * (2 * LARGEST) };
}

/** Of [rows, classes] logits. */
export function lossTrials(shapes: readonly (readonly [number, number])[] = SHAPES): Trial[] {
  return shapes.flatMap(([rows, classes], i) =>
    (i % 2 ? [1 as const] : [1 as const, 3 as const]).flatMap((replicas): Trial[] => {
      const shape = { rows, classes };
      const { loss, gradient } = tolerances(classes);
      const z = random([rows, classes], i, { low: -LARGEST, high: LARGEST });
      const labels = given([rows], (replica) => integers(rows, 7 + replica, classes));
      const w = random([rows], 30 + i);
      const common = { kernel: 'loss/softmaxCrossEntropy', replicas };
      const title = shapeName([rows, classes], replicas);
      return [
        {
          ...common,
          name: `loss ${title}`,
          operands: { z, labels },
          trace: ({ z, labels }) => [softmaxCrossEntropy(z!, labels!)],
          expect: ({ z, labels }) => [{ values: reference(z!, labels!, shape).loss, tolerance: loss }],
        },
        {
          ...common,
          name: `gradient ${title}`,
          operands: { z, labels, w },
          trace: ({ z, labels, w }) => [softmaxCrossEntropyGradient(z!, labels!, w!)],
          expect: ({ z, labels, w }) => [
            { values: reference(z!, labels!, shape, w).gradient, tolerance: gradient },
          ],
        },
        {
          ...common,
          name: `gradient of the mean ${title}`,
          operands: { z, labels },
          trace: ({ z, labels }, _states, graph) => [
            softmaxCrossEntropyGradient(z!, labels!, fill(graph, 0.25, [rows])),
          ],
          expect: ({ z, labels }) => [
            {
              values: reference(z!, labels!, shape).gradient.map((g) => 0.25 * g),
              tolerance: 0.25 * gradient,
            },
          ],
        },
        {
          ...common,
          name: `loss and gradient ${title}`,
          operands: { z, labels, w },
          trace: ({ z, labels, w }) => softmaxCrossEntropyWithGradient(z!, labels!, w!),
          expect: ({ z, labels, w }) => {
            const expected = reference(z!, labels!, shape, w);
            return [
              { values: expected.loss, tolerance: loss },
              { values: expected.gradient, tolerance: gradient },
            ];
          },
        },
        {
          ...common,
          name: `loss and gradient of the mean ${title}`,
          operands: { z, labels },
          trace: ({ z, labels }, _states, graph) =>
            softmaxCrossEntropyWithGradient(z!, labels!, fill(graph, 0.25, [rows])),
          expect: ({ z, labels }) => {
            const expected = reference(z!, labels!, shape);
            return [
              { values: expected.loss, tolerance: loss },
              { values: expected.gradient.map((g) => 0.25 * g), tolerance: 0.25 * gradient },
            ];
          },
        },
        {
          ...common,
          name: `softmax ${title}`,
          operands: { z },
          trace: ({ z }) => [softmax(z!)],
          expect: ({ z }) => [{ values: reference(z!, null, shape).gradient, tolerance: gradient }],
        },
        {
          kernel: 'loss/softTargetCrossEntropy',
          replicas,
          name: title,
          operands: { z, y: random([rows, classes], 50 + i, { low: 0 }) },
          trace: ({ z, y }) => [softTargetCrossEntropy(z!, y!)],
          expect: ({ z, y }) => [
            // Targets of up to 1 each: so many losses of one class, and the rounding of their sum.
            {
              values: softTargetReference(z!, y!, shape).loss,
              tolerance: classes * loss + sumTolerance(classes, classes * (2 * LARGEST + Math.log(classes))),
            },
          ],
        },
        {
          kernel: 'loss/softmaxJacobian',
          replicas,
          name: title,
          operands: { p: random([rows, classes], 60 + i, { low: 0 }), v: random([rows, classes], 70 + i) },
          trace: ({ p, v }) => [softmaxJacobian(p!, v!, 0.25)],
          expect: ({ p, v }) => [
            {
              values: jacobianReference(p!, v!, shape, 0.25),
              tolerance:
                0.25 * (sumTolerance(classes, productScale(classes)) + 8 * U * productScale(classes)),
            },
          ],
        },
        {
          kernel: 'loss/correct',
          replicas,
          name: title,
          // A few levels only, one of them NaN, so that largest logits are often equal.
          operands: {
            z: given([rows, classes], (replica) =>
              Float32Array.from(integers(rows * classes, 90 + replica, 40), (v) =>
                v < 35 ? v % 5 : Number.NaN,
              ),
            ),
            labels,
          },
          trace: ({ z, labels }) => [correct(z!, labels!)],
          expect: ({ z, labels }) => [{ values: correctReference(z!, labels!, shape), tolerance: 0 }],
        },
      ];
    }),
  );
}
