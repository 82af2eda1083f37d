import { expect, test } from 'vitest';
import matmulTiledVec4 from '../../shaders/matmul/matmulTiled.wgsl?vec4';
import dense from '../../shaders/moments/dense.wgsl';
import sumTree from '../../shaders/reduce/sumTree.wgsl';
import { reflectVariant } from '../../src/bench/reflectVariant.ts';
import { matmulCandidates } from '../../src/ops/plans/matmulPlan.ts';

test('a tile in workgroup memory is as large as its knobs make it, with its sums alone as accumulators', async () => {
  const target = { kind: 'gpu', subgroups: false, subgroupSize: 0 } as const;
  const candidates = matmulCandidates({ form: 'NN', m: 256, n: 256, k: 256 }, target);
  const of = (name: string) => {
    const { call } = candidates.find((candidate) => candidate.name === name)!;
    expect(call.source).toBe(matmulTiledVec4);
    return reflectVariant(call.source, call.knobs);
  };
  // TILE_K·(rows + columns)·4 bytes; 8 × 8 outputs an invocation.
  expect(await of('tiled 64×64×16')).toEqual({
    workgroupSize: [64, 1, 1],
    workgroupBytes: 16 * (64 + 64) * 4,
    accumulators: 64,
  });
  expect(await of('tiled 128×128×16')).toEqual({
    workgroupSize: [256, 1, 1],
    workgroupBytes: 16 * (128 + 128) * 4,
    accumulators: 64,
  });
});

test('sums in arrays and vectors count, offsets do not', async () => {
  expect((await reflectVariant(dense, { TILE_L: 4, TILE_K: 4 })).accumulators).toBe(3 * 16);
  expect((await reflectVariant(dense, { TILE_L: 1, TILE_K: 1 })).accumulators).toBe(3);
  expect((await reflectVariant(sumTree)).accumulators).toBe(4);
});
