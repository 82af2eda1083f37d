import sumHalving from '../../../../shaders/ladder/sumHalving.wgsl';
import sumInterleaved from '../../../../shaders/ladder/sumInterleaved.wgsl';
import sumManyEach from '../../../../shaders/ladder/sumManyEach.wgsl';
import sumSerial from '../../../../shaders/ladder/sumSerial.wgsl';
import sumTree from '../../../../shaders/reduce/sumTree.wgsl';
import sumTreeSubgroup from '../../../../shaders/reduce/sumTreeSubgroup.wgsl';
import sumVec4 from '../../../../shaders/reduce/sumVec4.wgsl';
import type { KernelCall } from '../../../gpu/kernelCall.ts';
import type { KernelSource } from '../../../gpu/kernelSource.ts';
import type { Target } from '../../../ops/op.ts';
import { planSum } from '../../../ops/plans/sumPlan.ts';
import { sum } from '../../../reference/sum.ts';
import { sumTolerance } from '../../selftest/tolerance.ts';
import { random } from '../../selftest/values.ts';
import type { Ladder, RungPlan } from './rung.ts';

/** The sum of a vector. */
export interface VectorShape {
  readonly elements: number;
}

interface PassOf {
  readonly call: KernelCall;
  /** Numbers that it leaves. */
  readonly left: number;
}

/** Passes one after the other, each over what the one before left. */
function inPasses(passes: readonly PassOf[]): RungPlan {
  const last = passes.length - 1;
  const nameOf = (i: number): string => (i === last ? 'y' : `sums ${i}`);
  return {
    passes: passes.map(({ call }, i) => ({
      call,
      operands: { x: i === 0 ? 'x' : nameOf(i - 1), y: nameOf(i) },
    })),
    scratch: Object.fromEntries(passes.slice(0, last).map(({ left }, i) => [nameOf(i), left])),
  };
}

/** A workgroup sums `chunk` elements, until one number is left. */
function byWorkgroups(source: KernelSource, chunkOf: (elements: number) => number) {
  const passesFor = (elements: number): PassOf[] => {
    const chunk = chunkOf(elements);
    const left = Math.ceil(elements / chunk);
    const params = { elements, ...('chunk' in paramsOf(source) ? { chunk } : {}) };
    const pass: PassOf = { call: { source, params, grid: [left, 1] }, left };
    return left === 1 ? [pass] : [pass, ...passesFor(left)];
  };
  return ({ elements }: VectorShape): RungPlan => inPasses(passesFor(elements));
}

function paramsOf(source: KernelSource): Record<string, true> {
  return Object.fromEntries(source.params.map(({ name }) => [name, true]));
}

/** As the planner has it on such an adapter, if that is by this kernel. */
function planned(source: KernelSource, change: (target: Target) => Target | string) {
  return ({ elements }: VectorShape, target: Target): RungPlan | string => {
    const changed = change(target);
    if (typeof changed === 'string') return changed;
    const passes = planSum({ outer: 1, reduced: elements, inner: 1 }, changed);
    if (passes[0]!.call.source !== source) return `${elements} elements are too few`;
    return inPasses(passes.map(({ call, chunks }) => ({ call, left: chunks })));
  };
}

/** Beyond so many a GPU's watchdog may end the one invocation that sums them all. */
const LONGEST_SERIAL = 2 ** 21;

export const sumLadder: Ladder<VectorShape> = {
  name: 'sum',
  about: 'y = Σ x of a float32 vector, an addition for every four bytes: as fast as memory is, at best.',
  title: ({ elements }) => `${elements}`,
  operands: ({ elements }) => ({ x: random([elements], 1) }),
  results: () => ({ y: { shape: [] } }),
  expect: ({ elements }, { x }) => [
    {
      values: sum(x!, { outer: 1, reduced: elements, inner: 1 }),
      tolerance: sumTolerance(elements, Math.max(1, Math.sqrt(elements / 3))),
    },
  ],
  rungs: [
    {
      number: 1,
      title: 'one invocation',
      kernel: sumSerial,
      plan: ({ elements }) =>
        elements > LONGEST_SERIAL
          ? `${elements} elements one after the other take a GPU seconds`
          : inPasses([{ call: { source: sumSerial, params: { elements }, grid: [1, 1] }, left: 1 }]),
      why: '',
    },
    {
      number: 2,
      title: 'a tree a workgroup, partners 1, 2, 4, … apart',
      kernel: sumInterleaved,
      plan: byWorkgroups(sumInterleaved, () => 256),
      why: '',
    },
    {
      number: 3,
      title: 'partners 128, 64, 32, … apart',
      kernel: sumHalving,
      plan: byWorkgroups(sumHalving, () => 256),
      why: '',
    },
    {
      number: 4,
      title: 'many elements a lane before the tree',
      kernel: sumManyEach,
      // Some 512 workgroups for a first pass, and the second is one.
      plan: byWorkgroups(sumManyEach, (elements) => Math.max(1024, 256 * Math.ceil(elements / (256 * 512)))),
      why: '',
    },
    {
      number: 5,
      title: 'vectors of four, four loads at once',
      kernel: sumTree,
      plan: planned(sumTree, (target) => ({ ...target, kind: 'gpu', subgroups: false })),
      why: '',
    },
    {
      number: 6,
      title: 'subgroups add without memory or barriers',
      kernel: sumTreeSubgroup,
      plan: planned(sumTreeSubgroup, (target) =>
        target.subgroups ? { ...target, kind: 'gpu' } : 'the adapter has no subgroups',
      ),
      why: '',
    },
    {
      number: 7,
      title: 'a chunk an invocation, no barriers',
      kernel: sumVec4,
      plan: planned(sumVec4, (target) => ({ ...target, kind: 'cpu' })),
      why: '',
    },
  ],
};
