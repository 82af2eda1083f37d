import sumHalving from '../../../shaders/ladder/sumHalving.wgsl';
import sumInterleaved from '../../../shaders/ladder/sumInterleaved.wgsl';
import sumManyEach from '../../../shaders/ladder/sumManyEach.wgsl';
import sumSerial from '../../../shaders/ladder/sumSerial.wgsl';
import sumTree from '../../../shaders/reduce/sumTree.wgsl';
import sumTreeSubgroup from '../../../shaders/reduce/sumTreeSubgroup.wgsl';
import sumVec4 from '../../../shaders/reduce/sumVec4.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import type { KernelTarget } from '../../ops/op.ts';
import { planSum } from '../../ops/plans/sumPlan.ts';
import { sum } from '../../reference/sum.ts';
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
function planned(source: KernelSource, change: (target: KernelTarget) => KernelTarget | string) {
  return ({ elements }: VectorShape, target: KernelTarget): RungPlan | string => {
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
  about:
    'y = Σ x of a float32 vector, an addition for every four bytes: as fast as memory is, at best. SwiftShader: 2¹⁸ ' +
    'numbers in Chromium 156 beside other programs, 2026-11-25: bench/results/kernels-chromium-swiftshader.json.',
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
      why:
        'One invocation adds one number after the other. Each addition waits for the one before and each ' +
        'load for its latency, and all other cores idle. A load takes a GPU some hundreds of nanoseconds, a ' +
        'million of them tenths of a second; a CPU core with its caches is at its best here: 6.6 ms for ' +
        '262,144 numbers on SwiftShader, faster than the next five rungs.',
    },
    {
      number: 2,
      title: 'a tree a workgroup, partners 1, 2, 4, … apart',
      kernel: sumInterleaved,
      plan: byWorkgroups(sumInterleaved, () => 256),
      why:
        'An invocation a number, and in each workgroup of 256 a binary tree: eight levels in place of 255 ' +
        'additions in a row, and all cores work. But at each level the invocations that go on are spread ' +
        'over all subgroups (every 2nd, 4th, 8th …), so whole subgroups run for one or two lanes, and their ' +
        'accesses to workgroup memory meet in the same banks. A CPU runs the 256 invocations one after the ' +
        'other and pays for eight barriers each: 317 ms.',
    },
    {
      number: 3,
      title: 'partners 128, 64, 32, … apart',
      kernel: sumHalving,
      plan: byWorkgroups(sumHalving, () => 256),
      why:
        'The spans in the other order: the lanes that still add are the first 128, 64, 32 …, side by side. ' +
        'From the third level on whole subgroups fall idle, and neighbouring lanes read neighbouring words, ' +
        "each from a bank of its own; this is the first large step of Harris's CUDA reductions (2007). A " +
        'CPU has neither subgroups to free nor banks: 321 ms, no difference beyond the spread.',
    },
    {
      number: 4,
      title: 'many elements a lane before the tree',
      kernel: sumManyEach,
      // Some 512 workgroups for a first pass, and the second is one.
      plan: byWorkgroups(sumManyEach, (elements) => Math.max(1024, 256 * Math.ceil(elements / (256 * 512)))),
      why:
        'The tree costs eight barriers however many numbers come in, so every lane first adds up many of ' +
        'them in a register, neighbours loading neighbouring numbers. 8,232 barriers become 2,056, two ' +
        'passes replace three, and the first loop has nothing to wait for but memory: 321 to 84 ms on ' +
        'SwiftShader.',
    },
    {
      number: 5,
      title: 'vectors of four, four loads at once',
      kernel: sumTree,
      plan: planned(sumTree, (target) => ({ ...target, kind: 'gpu', subgroups: false })),
      why:
        'Loads of four numbers, four of them in flight at once before the first is needed: a quarter of the ' +
        'instructions, and the latency of memory is hidden by the invocation itself. 84 to 27 ms on ' +
        'SwiftShader. What is left on a GPU is the time that memory takes to deliver the numbers.',
    },
    {
      number: 6,
      title: 'subgroups add without memory or barriers',
      kernel: sumTreeSubgroup,
      plan: planned(sumTreeSubgroup, (target) =>
        target.subgroups ? { ...target, kind: 'gpu' } : 'the adapter has no subgroups',
      ),
      why:
        'The last levels of the tree are additions between lanes of a subgroup (subgroupShuffleXor): no ' +
        'workgroup memory and one barrier in place of eight. On a GPU this matters for short sums, of which ' +
        'the tree is a large part; a long one waits for memory all the same. 27 to 18 ms on SwiftShader, ' +
        'with its subgroups of four.',
    },
    {
      number: 7,
      title: 'a chunk an invocation, no barriers',
      kernel: sumVec4,
      plan: planned(sumVec4, (target) => ({ ...target, kind: 'cpu' })),
      why:
        'No tree at all: an invocation adds a chunk of vectors with four loads in flight, a second pass ' +
        "adds the chunks' sums, and there is no barrier. On a CPU this is the best by far, 0.62 ms, 510 " +
        'times as fast as the first tree. A GPU would have its neighbours load addresses a chunk apart, ' +
        "which is rung 1 of the products' ladder again: it gets rungs 5 and 6.",
    },
  ],
};
