import matmulNN from '../../shaders/matmul/matmulNN.wgsl';
import type { Gpu } from '../gpu/device.ts';
import { DeviceLostError } from '../gpu/orLost.ts';
import { linearGrid } from '../ops/plans/linearGrid.ts';
import { type PreparedTrial, prepareTrial, runTrial } from '../selftest/runTrial.ts';
import type { BenchClock } from './benchClock.ts';
import type { HeatMap, HeatMapCell } from './kernelsReport.ts';
import { matmulLadder, type ProductShape } from './ladder/matmul.ts';
import { type Rung, rungTrial } from './ladder/rung.ts';
import { fillingRepeats } from './repeats.ts';
import { timingOf } from './timing.ts';

/** Rows and columns of an invocation's tile; powers of two up to 64 accumulators, and one size between. */
const TILES = [1, 2, 4, 6, 8];

/** The product of the ladder by register tiles of one size; any shape. */
function tileRung(TILE_M: number, TILE_N: number): Rung<ProductShape> {
  return {
    number: 0,
    title: `${TILE_M} × ${TILE_N} outputs in registers`,
    kernel: matmulNN,
    why: '',
    plan: ({ m, n, k }) => ({
      passes: [
        {
          call: {
            source: matmulNN,
            knobs: { TILE_M, TILE_N },
            params: { m, n, k },
            grid: linearGrid(Math.ceil(m / TILE_M) * Math.ceil(n / TILE_N)),
          },
          operands: { a: 'a', b: 'b', c: 'c' },
        },
      ],
    }),
  };
}

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly prepared: PreparedTrial;
  readonly repeats: number;
  readonly samples: number[];
}

/**
 * Times a product by every tile size, in rounds over all of them; one that differs from float64 gets no time.
 * Yields how many of them are prepared, then how many rounds are done, as parts of one.
 */
export async function* heatMap(
  gpu: Gpu,
  clock: BenchClock,
  shape: ProductShape,
  rounds: number,
): AsyncGenerator<{ done: number; total: number }, HeatMap, void> {
  const expect = matmulLadder.expect;
  let known: ReturnType<typeof expect> | undefined;
  const cells: Cell[] = [];
  const failed: HeatMapCell[] = [];
  const total = TILES.length ** 2 + rounds;
  try {
    for (const row of TILES) {
      for (const column of TILES) {
        yield { done: cells.length + failed.length, total };
        const trial = {
          ...rungTrial(matmulLadder, tileRung(row, column), shape),
          expect: (values: Parameters<typeof expect>[1]) => {
            known ??= expect(shape, values);
            return known;
          },
        };
        try {
          const prepared = await prepareTrial(gpu, trial);
          const { ok } = await runTrial(gpu, prepared);
          if (ok) {
            const { program } = prepared;
            const { repeats } = await fillingRepeats((n) => clock.time(program, n));
            cells.push({ row, column, prepared, repeats, samples: [] });
          } else {
            failed.push({ row, column, time: null, gflops: null, failed: 'WRONG' });
            prepared.dispose();
          }
        } catch (error) {
          if (error instanceof DeviceLostError) throw error;
          failed.push({ row, column, time: null, gflops: null, failed: (error as Error).message });
        }
      }
    }
    for (let round = 0; round < rounds; round++) {
      yield { done: TILES.length ** 2 + round, total };
      for (const { prepared, repeats, samples } of round % 2 ? [...cells].reverse() : cells) {
        samples.push((await clock.time(prepared.program, repeats)) / repeats);
      }
    }
  } finally {
    for (const { prepared } of cells) prepared.dispose();
  }
  const flops = 2 * shape.m * shape.n * shape.k;
  const timed = cells.map(({ row, column, repeats, samples }): HeatMapCell => {
    const time = timingOf(samples, clock.info.grain / repeats);
    return { row, column, time, gflops: flops / (time.median * 1e6), failed: null };
  });
  return {
    shape: matmulLadder.title(shape),
    kernel: matmulNN.name,
    flops,
    rows: { knob: 'TILE_M', values: TILES },
    columns: { knob: 'TILE_N', values: TILES },
    cells: [...timed, ...failed].sort((a, b) => a.row - b.row || a.column - b.column),
  };
}
