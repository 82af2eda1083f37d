import { z } from 'zod';
import type { Gpu } from '../../gpu/device.ts';
import { LossAlongLine } from '../../measure/curvature/lossAlongLine.ts';
import { measureLocalModel } from '../../measure/curvature/measureLocalModel.ts';
import { GradientDraws } from '../../measure/gradient/gradientDraws.ts';
import type { Point } from '../../measure/pass.ts';
import { type LocalModel, optimalRate } from '../../measure/statistics/localModel.ts';
import type { OptimalStepProtocol } from './protocol.ts';

const list = z.array(z.number());

/** As it is kept in a file, so that an experiment that was stopped goes on. */
export const frozenPointSchema = z.strictObject({
  step: z.int().positive(),
  loss: z.number(),
  local: z.strictObject({ gradNormSq: z.number(), gHg: z.number(), traceHessianCovariance: z.number() }),
  traceHessianCovarianceStderr: z.number(),
  traceCovariance: z.number(),
  lines: z.array(z.strictObject({ batchSize: z.int().positive(), rates: list, changes: z.array(list) })),
});

/** The line search at one batch size. */
export interface LineSamples {
  readonly batchSize: number;
  readonly rates: readonly number[];
  /** ΔL of the population, [draws][rates]. */
  readonly changes: readonly (readonly number[])[];
}

/** What was measured at one frozen point. */
export interface FrozenPoint {
  /** Steps of the trunk before it. */
  readonly step: number;
  readonly loss: number;
  readonly local: LocalModel;
  readonly traceHessianCovarianceStderr: number;
  readonly traceCovariance: number;
  /** None where the model has no minimum along a step. */
  readonly lines: readonly LineSamples[];
}

/** Measures G, H and Σ of the point's examples, then the line searches; yields how many draws of all are done. */
export async function* measureFrozenPoint(
  gpu: Gpu,
  point: Point,
  step: number,
  protocol: OptimalStepProtocol,
): AsyncGenerator<{ readonly done: number; readonly total: number }, FrozenPoint, void> {
  const { seed, draws, batchSizes } = protocol;
  const { local, traceHessianCovarianceStderr, traceCovariance, loss } = await measureLocalModel(
    gpu,
    point,
    protocol,
  );
  const lines: LineSamples[] = [];
  if (local.gHg > 0 && local.traceHessianCovariance > 0) {
    const points = 1 + protocol.grid.length;
    const line = await LossAlongLine.open(gpu, point, { points, lines: draws });
    const gradients = await GradientDraws.open(gpu, point, { batchSizes, seed, into: line.direction });
    try {
      for (const batchSize of batchSizes) {
        const best = optimalRate(local, batchSize)!;
        const rates = Array.from(Float32Array.from(protocol.grid, (factor) => factor * best));
        // The loss at the point itself is taken by the same program: rounding falls out of the difference.
        line.setRates([0, ...rates]);
        for (let k = 0; k < draws; k++) {
          gradients.draw(batchSize);
          await line.run();
          yield { done: lines.length * draws + k + 1, total: batchSizes.length * draws };
        }
        const changes = (await line.losses()).map(([start, ...after]) => after.map((loss) => loss - start!));
        lines.push({ batchSize, rates, changes });
      }
    } finally {
      gradients.dispose();
      line.dispose();
    }
  }
  return { step, loss, local, traceHessianCovarianceStderr, traceCovariance, lines };
}
