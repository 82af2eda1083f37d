import momentsKernel from '../../../shaders/sequence/embeddingMoments.wgsl';
import normsKernel from '../../../shaders/sequence/embeddingNorms.wgsl';
import { lowerBlocks } from '../embeddingBlocks.ts';
import { size, type Tensor } from '../graph.ts';
import { apply, applyAll, type Op } from '../op.ts';
import { embeddingTile } from '../plans/embeddingPlan.ts';
import { linearGrid } from '../plans/linearGrid.ts';
import { reshape } from '../reshape.ts';
import { lowerSum } from '../sum.ts';
import { LARGEST_ROWS } from './patchProducts.ts';
import type { PerExampleGradient } from './perExampleGradient.ts';
import { rowGradients } from './rowGradients.ts';
import { rowsOfExample } from './rowsOfExample.ts';

const lookupNormsOp: Op = {
  name: 'lookupNorms',
  takes: ['f32', 'u32'],
  lower: ({ inputs: [d, index], outputs: [norms], attributes: { entries, unit } }, to) => {
    const [rows, width] = d!.shape as [number, number];
    const parts = to.scratch([rows], norms!.replicated);
    to.dispatch(
      { source: normsKernel, params: { rows, unit, entries, width }, grid: linearGrid(rows) },
      { d: d!, index: index!, y: parts },
    );
    lowerSum(to, { outer: rows / unit, reduced: unit, inner: 1 }, parts, null, norms!);
  },
};

const lookupMomentsOp: Op = {
  name: 'lookupMoments',
  takes: ['f32', 'u32'],
  lower: ({ inputs: [d, index], outputs: [gradient, variance], attributes: { places } }, to) => {
    const [rows, width] = d!.shape as [number, number];
    const entries = gradient!.shape[0]!;
    const tile = embeddingTile(to.target);
    to.dispatch(
      {
        source: momentsKernel,
        knobs: { TILE: tile },
        params: { examples: rows / places, places, entries, width },
        grid: linearGrid(entries * Math.ceil(width / tile)),
      },
      { d: d!, index: index!, gradient: gradient!, variance: variance! },
    );
  },
};

const lookupRowsOp: Op = {
  name: 'lookupRows',
  takes: ['f32', 'u32'],
  lower: ({ inputs: [d, index], outputs: [y], attributes: { places } }, to) => {
    const [, entries, width] = y!.shape as [number, number, number];
    lowerBlocks(to, { d: d!, index: index!, y: y! }, { entries, width, block: places });
  },
};

/**
 * The per-example gradients of a table of which rows are looked up: gₙ[v] = Σ δₙₜ over the places t of example n with index v. An
 * index that occurs twice has cross terms: ‖gₙ‖² = Σₜₛ [iₙₜ = iₙₛ] ⟨δₙₜ, δₙₛ⟩. Norms are summed by the indices that occur, moments
 * with each gₙ in registers.
 * @param index of B·T lookups, those of one example together
 * @param delta the cotangent of what was looked up, B·T rows
 * @throws if the examples do not share the lookups evenly
 */
export function lookups(
  index: Tensor,
  delta: Tensor,
  { examples, entries }: { readonly examples: number; readonly entries: number },
): PerExampleGradient {
  const all = size(index.shape);
  const width = delta.shape.at(-1)!;
  const places = rowsOfExample('embedding', all, examples);
  const operands = [reshape(delta, [all, width]), reshape(index, [all])];
  const norms = (unitSize = 1): Tensor =>
    apply(lookupNormsOp, operands, { entries, unit: unitSize * places }, { shape: [examples / unitSize] });
  const rows = (): Tensor => {
    if (examples * entries * width > LARGEST_ROWS) {
      throw new RangeError(
        `per-example gradients of a table of ${entries} rows of ${width}, formed: ${examples} of them pass ` +
          `${LARGEST_ROWS} numbers; take fewer examples at once`,
      );
    }
    const formed = apply(lookupRowsOp, operands, { places }, { shape: [examples, entries, width] });
    return reshape(formed, [examples, entries * width]);
  };
  return {
    norms,
    moments() {
      const type = { shape: [entries, width] };
      const [gradient, centredSquares] = applyAll(lookupMomentsOp, operands, { places }, [type, type]) as [
        Tensor,
        Tensor,
      ];
      return { gradient, centredSquares, normSq: norms() };
    },
    histogram: (counts, bins, w) => rowGradients(rows(), [entries, width]).histogram(counts, bins, w),
    patches: null,
    rows,
  };
}
