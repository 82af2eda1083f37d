import { describe, expect, it } from 'vitest';
import { bucketOf, type KernelChoices, shapeKey } from '../../src/gpu/kernelChoice.ts';
import type { KernelTarget } from '../../src/ops/op.ts';
import {
  type MatmulShape,
  matmulCandidates,
  matmulDemand,
  planMatmul,
} from '../../src/ops/plans/matmulPlan.ts';
import { partLength } from '../../src/ops/plans/productShape.ts';
import { splitParts } from '../../src/ops/plans/splitPlan.ts';

const swiftshader: KernelTarget = { kind: 'cpu', subgroups: true, subgroupSize: 4 };
const plainCpu: KernelTarget = { kind: 'cpu', subgroups: false, subgroupSize: 0 };
const gpu: KernelTarget = { kind: 'gpu', subgroups: true, subgroupSize: 32 };

const choosing = (name: string): KernelChoices => ({ wanted: () => name });
const names = (shape: MatmulShape, target: KernelTarget) =>
  matmulCandidates(shape, target).map(({ name }) => name);

describe('buckets', () => {
  it('round extents to powers of two and tell which are in fours', () => {
    expect(bucketOf({ m: 64, n: 10, k: 784 })).toBe('m~64 n~8 k~1024, fours: m k');
    expect(bucketOf({ m: 1, n: 33, k: 65 })).toBe('m~1 n~32 k~64');
    expect(bucketOf({ m: 23, n: 22, k: 3 })).toBe('m~32 n~16 k~4');
  });

  it('hold alike shapes together and others apart', () => {
    const bucket = (shape: MatmulShape) => matmulDemand(shape).bucket;
    const base = { form: 'NT', m: 64, n: 128, k: 784 } as const;
    expect(bucket({ ...base, m: 60 })).toBe(bucket(base));
    expect(bucket({ ...base, bias: true, activation: 'relu' })).toBe(bucket(base));
    for (const other of [{ m: 128 }, { m: 63 }, { k: 783 }, { form: 'NN' as const }]) {
      expect(bucket({ ...base, ...other })).not.toBe(bucket(base));
    }
    const weight = { form: 'TN', m: 64, n: 128, k: 784 } as const;
    expect(bucket({ ...weight, columnSum: true })).not.toBe(bucket(weight));
  });
});

describe('keys', () => {
  it('name the exact shape, and leave out what is not asked for', () => {
    expect(shapeKey({ form: 'NN', m: 1, mask: '', bias: true, activation: 'none', sums: false })).toBe(
      'NN m=1 bias',
    );
    const plain = { form: 'NT', m: 2, n: 3, k: 5 } as const;
    expect(matmulDemand(plain).key).toBe('NT m=2 n=3 k=5');
    expect(matmulDemand({ ...plain, bias: false, activation: 'none', mask: 'none' }).key).toBe(
      'NT m=2 n=3 k=5',
    );
    expect(matmulDemand({ ...plain, bias: true, activation: 'relu' }).key).toBe('NT m=2 n=3 k=5 bias relu');
    expect(matmulDemand({ ...plain, mask: 'relu' }).key).toBe('NT m=2 n=3 k=5 mask relu');
  });
});

describe('candidates of a product', () => {
  it('are those that the shape and the adapter allow, the default first, each once', () => {
    const inFours = { form: 'NT', m: 128, n: 128, k: 784 } as const;
    expect(names(inFours, swiftshader)).toEqual([
      'quads 16×32',
      'small 4×8',
      'small 8×8',
      'strided 2×2',
      'strided 4×4',
      'strided 4×8',
      'any-form quads 8×16',
      'any-form quads 16×16',
      'quads 8×16',
      'quads 16×16',
      'tiles 1×1',
      'tiles 2×2',
      'tiles 4×4',
      'tiles 8×8',
      'vec4 4×4',
      'vec4 8×8',
    ]);
    expect(names({ ...inFours, k: 783 }, swiftshader)[0]).toBe('any-form quads 16×16');
    expect(names({ ...inFours, m: 64, n: 10 }, swiftshader)[0]).toBe('strided 4×8');
    expect(names({ form: 'NT', m: 8, n: 64, k: 64 }, swiftshader)[0]).toBe('small 4×8');
    expect(names({ form: 'TN', m: 64, n: 20, k: 7 }, swiftshader)[0]).toBe('small 8×8');
    expect(names({ form: 'TN', m: 64, n: 20, k: 7 }, { ...swiftshader, subgroupSize: 8 })[0]).toBe(
      'strided 2×2',
    );
    expect(names(inFours, plainCpu)[0]).toBe('vec4 8×8');
    expect(names({ ...inFours, k: 783 }, plainCpu)).toEqual([
      'tiles 8×8',
      'strided 2×2',
      'strided 4×4',
      'strided 4×8',
      'tiles 1×1',
      'tiles 2×2',
      'tiles 4×4',
    ]);
    expect(names({ ...inFours, m: 2048, n: 2048 }, gpu)).toEqual([
      'tiled 128×128×8',
      'tiled 128×64×16',
      'tiled 64×64×16',
      'tiled 64×64×16 by 8×4',
      'tiled 64×32×16',
      'tiled 32×32×16',
      'vec4 8×8',
      'tiles 1×1',
      'tiles 2×2',
      'tiles 4×4',
      'tiles 8×8',
      'vec4 4×4',
    ]);
    for (const target of [swiftshader, plainCpu, gpu]) {
      const all = names(inFours, target);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it('are for a GPU workgroup tiles where there is work for many, else registers, lanes or a split k', () => {
    const first = (m: number, n: number, k: number) => names({ form: 'TN', m, n, k }, gpu)[0];
    expect(first(2048, 2048, 2048)).toBe('tiled 128×128×8');
    expect(first(1024, 1024, 1024)).toBe('tiled 64×64×16');
    expect(first(512, 512, 512)).toBe('tiled 32×32×16');
    expect(first(64, 128, 100)).toBe('tiles 1×1');
    expect(first(1024, 1024, 16)).toBe('vec4 8×8');
    expect(first(1, 1000, 500)).toBe('matrix–vector, 32 by 8 lanes');
    expect(first(10, 128, 10_000)).toBe('split-K by 37, tiled 32×32×16');
    expect(first(1, 2, 40_000)).toBe('split-K by 9, matrix–vector, 32 by 8 lanes');
  });

  it('split k for a GPU by the shape of one product', () => {
    for (const k of [512, 1000, 1040, 10_000, 65_537]) {
      const parts = splitParts({ form: 'TN', m: 10, n: 128, k });
      expect(parts).toBeGreaterThan(1);
      expect(partLength(k, parts) % 16).toBe(0);
      expect(partLength(k, parts) * (parts - 1)).toBeLessThan(k);
      expect(partLength(k, parts) * parts).toBeGreaterThanOrEqual(k);
    }
    expect(splitParts({ form: 'TN', m: 10, n: 128, k: 511 })).toBe(1);
    expect(splitParts({ form: 'TN', m: 1024, n: 1024, k: 10_000 })).toBe(1);
  });

  it('are taken by name; an unknown name is the default', () => {
    const shape = { form: 'TN', m: 132, n: 64, k: 65, columnSum: true } as const;
    for (const candidate of matmulCandidates(shape, swiftshader)) {
      expect(planMatmul(shape, { ...swiftshader, choices: choosing(candidate.name) })).toEqual(candidate);
    }
    expect(planMatmul(shape, { ...swiftshader, choices: choosing('no such') })).toEqual(
      planMatmul(shape, swiftshader),
    );
  });

  it('are told with the choice', () => {
    const told: unknown[] = [];
    const choices: KernelChoices = {
      wanted: ({ bucket }) => (bucket === 'NN m~8 n~8 k~8, fours: m n k' ? 'tiles 2×2' : undefined),
      taken: ({ family, key }, { name }, all) => told.push([family, key, name, all.length]),
    };
    planMatmul({ form: 'NN', m: 8, n: 8, k: 8 }, { ...gpu, choices });
    planMatmul({ form: 'NN', m: 8, n: 9, k: 8 }, { ...gpu, choices });
    expect(told).toEqual([
      ['matmul', 'NN m=8 n=8 k=8', 'tiles 2×2', 6],
      ['matmul', 'NN m=8 n=9 k=8', 'tiles 1×1', 4],
    ]);
  });
});
