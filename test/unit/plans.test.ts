import { describe, expect, test } from 'vitest';
import { planCompensatedSum, planMax, planVariance } from '../../src/ops/plans/reducePlan.ts';
import { planSum, type SumStage } from '../../src/ops/plans/sumPlan.ts';

const TARGETS = {
  'a GPU': { kind: 'gpu', subgroups: false, subgroupSize: 0 },
  'a GPU with subgroups': { kind: 'gpu', subgroups: true, subgroupSize: 32 },
  'a CPU': { kind: 'cpu', subgroups: true, subgroupSize: 4 },
} as const;
const LENGTHS = [1, 3, 16, 33, 512, 513, 784, 4097, 101_770, 4_194_304];

describe.for(Object.entries(TARGETS))('on %s', ([, target]) => {
  /** Elements that one invocation adds up one after the other, given the pass's own unit; half where it carries the errors. */
  const chain = ({ source, knobs = {}, params }: SumStage['call']): number => {
    if (source.name === 'reduce/sum') return params.chunk!;
    if (source.name === 'reduce/sumCompensated') return params.chunk! / 2;
    return params.chunk! / (source.name === 'reduce/sumVec4' ? 4 : Number(knobs.TEAM));
  };

  test.for(LENGTHS.flatMap((reduced) => [1, 5].map((inner) => [reduced, inner] as const)))(
    'a sum of %i, %i beside each other, takes passes of short chunks',
    ([reduced, inner]) => {
      let left = reduced;
      for (const { call, chunks } of planSum({ outer: 1, reduced, inner }, target)) {
        const unit = ['reduce/sum', 'reduce/sumCompensated'].includes(call.source.name) ? 1 : 4;
        expect(call.params.reduced).toBe(left);
        expect(chain(call)).toBeLessThanOrEqual(512);
        expect(chunks).toBe(Math.ceil(left / unit / call.params.chunk!));
        const outputs = call.knobs?.TEAM
          ? (256 / Number(call.knobs.TEAM)) * call.grid[0]
          : call.grid[0] * call.source.workgroupSize[0];
        expect(outputs).toBeGreaterThanOrEqual(inner * chunks);
        left = chunks;
      }
      expect(left).toBe(1);
    },
  );

  test.for(LENGTHS)('other reductions of %i end in one chunk', (reduced) => {
    const shape = { outer: 3, reduced, inner: 5 };
    for (const passes of [planMax(shape, target), planVariance(shape, 1, target)]) {
      let left = reduced;
      for (const { call, chunks } of passes) {
        expect(chunks).toBe(Math.ceil(left / call.params.chunk!));
        expect(call.grid[0] * 64).toBeGreaterThanOrEqual(15 * chunks);
        left = chunks;
      }
      expect(left).toBe(1);
    }
    expect(planCompensatedSum(reduced, target).at(-1)).toMatchObject({
      chunks: 1,
      call: { knobs: { LAST: true } },
    });
  });
});
