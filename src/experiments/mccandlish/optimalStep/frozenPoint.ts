import { z } from 'zod';
import type { Gpu } from '../../../gpu/device.ts';
import { measureLocalModel } from '../../../measure/curvature/measureLocalModel.ts';
import { RateSearch } from '../../../measure/curvature/rateSearch.ts';
import type { Point } from '../../../measure/pass.ts';
import { type LocalModel, optimalRate } from '../../../measure/statistics/localModel.ts';
import {
  type LineSamples,
  type MeasuredRates,
  measuredRates,
} from '../../../measure/statistics/measuredRates.ts';
import { relay } from '../../relay.ts';
import type { OptimalStepProtocol } from './protocol.ts';

/** What was measured at one frozen point. */
export interface FrozenPoint {
  /** Steps of the trunk before it. */
  readonly step: number;
  readonly loss: number;
  readonly local: LocalModel;
  readonly traceHessianCovarianceStderr: number;
  readonly traceCovariance: number;
  /** By batch size. None where the model has no minimum along a step. */
  readonly rows: readonly MeasuredRates[];
}

/** With the samples that its rows are of. */
export interface SampledPoint extends FrozenPoint {
  readonly rows: readonly (MeasuredRates & LineSamples)[];
}

const list = z.array(z.number());
const rate = z.strictObject({
  rate: z.number(),
  logStderr: z.number(),
  censored: z.enum(['below', 'above']).nullable(),
});

/** The form of a `SampledPoint` in a file. */
export const sampledPointSchema: z.ZodType<SampledPoint> = z.strictObject({
  step: z.int().positive(),
  loss: z.number(),
  local: z.strictObject({ gradNormSq: z.number(), gHg: z.number(), traceHessianCovariance: z.number() }),
  traceHessianCovarianceStderr: z.number(),
  traceCovariance: z.number(),
  rows: z.array(
    z.strictObject({
      batchSize: z.int().positive(),
      optimal: rate,
      gain: z.number(),
      gainStderr: z.number(),
      breakEven: rate,
      rates: list,
      changes: list,
      draws: z.array(list),
    }),
  ),
});

/** What of a protocol a frozen point is measured by. */
export type PointProtocol = Pick<OptimalStepProtocol, 'batchSizes' | 'draws' | 'grid' | 'probes'> & {
  /** Of mini-batches and probes. */
  readonly seed: number;
};

/** How many draws of all are done; at the end of those at one batch size, what they came to. */
export interface PointProgress {
  readonly done: number;
  readonly total: number;
  readonly row: MeasuredRates | null;
}

/** Measures G, H and Σ of the point's examples, then the line searches; yields how far it is. */
export async function* measureFrozenPoint(
  gpu: Gpu,
  point: Point,
  step: number,
  protocol: PointProtocol,
): AsyncGenerator<PointProgress, SampledPoint, void> {
  const { seed, draws, batchSizes } = protocol;
  const total = batchSizes.length * draws;
  const { local, traceHessianCovarianceStderr, traceCovariance, loss } = await measureLocalModel(
    gpu,
    point,
    protocol,
  );
  const rows: (MeasuredRates & LineSamples)[] = [];
  if (local.gHg > 0 && local.traceHessianCovariance > 0) {
    const search = await RateSearch.open(gpu, point, {
      batchSizes,
      rates: protocol.grid.length,
      draws,
      seed,
    });
    try {
      for (const batchSize of batchSizes) {
        const best = optimalRate(local, batchSize)!;
        const rates = Array.from(Float32Array.from(protocol.grid, (factor) => factor * best));
        const samples = yield* relay(
          search.at(batchSize, rates),
          function* (drawn): Generator<PointProgress> {
            yield { done: rows.length * draws + drawn, total, row: null };
          },
        );
        rows.push({ ...measuredRates(samples), ...samples });
        yield { done: rows.length * draws, total, row: rows.at(-1)! };
      }
    } finally {
      search.dispose();
    }
  }
  return { step, loss, local, traceHessianCovarianceStderr, traceCovariance, rows };
}
