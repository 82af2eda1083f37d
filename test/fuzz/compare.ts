import type { Graph } from '../../src/ops/graph.ts';
import { interpret } from './interpreter/interpret.ts';
import type { Values } from './interpreter/values.ts';
import { exactValues } from './interpreter/values.ts';
import type { Contents } from './runStates.ts';
import type { Initial } from './tracing.ts';

export interface Comparison {
  /** What differs, in words; empty where all is as it must be. */
  readonly differences: readonly string[];
  /** Elements compared, and those that the interpreter could not decide. */
  readonly elements: number;
  readonly undecided: number;
  /** Largest error over its bound, of elements that agree. */
  readonly largestShare: number;
}

/** Differences told of one graph: the first are enough. */
const TOLD = 6;

/** Holds what each run left in the states against the interpreter, which takes up each run where the device left the one before. */
export function compare(
  graph: Graph,
  states: readonly Initial[],
  runs: readonly Contents[],
  replicas: number,
): Comparison {
  const differences: string[] = [];
  let [elements, undecided, largestShare] = [0, 0, 0];
  let before: Contents = states.map(({ content }) => content);
  runs.forEach((found, run) => {
    const expected = interpret(
      graph,
      new Map(states.map(({ state }, i) => [state, before[i]!.map(exactValues)])),
      replicas,
    );
    states.forEach(({ state }, i) => {
      expected.get(state)!.forEach((values, replica) => {
        const own = compareValues(values, found[i]![replica]!);
        elements += values.value.length;
        undecided += own.undecided;
        largestShare = Math.max(largestShare, own.largestShare);
        if (own.difference && differences.length < TOLD) {
          differences.push(`${state.label}, replica ${replica}, run ${run}: ${own.difference}`);
        }
      });
    });
    before = found;
  });
  return { differences, elements, undecided, largestShare };
}

function compareValues(expected: Values, found: ArrayLike<number>) {
  let [undecided, largestShare, wrong, first] = [0, 0, 0, -1];
  for (let i = 0; i < found.length; i++) {
    const [value, error, is] = [expected.value[i]!, expected.error[i]!, found[i]!];
    if (error === Number.POSITIVE_INFINITY) {
      undecided++;
      continue;
    }
    const right =
      error === 0 || !Number.isFinite(value) ? Object.is(is, value) : Math.abs(is - value) <= error;
    if (!right) {
      wrong++;
      if (first < 0) first = i;
    } else if (error > 1e-30) largestShare = Math.max(largestShare, Math.abs(is - value) / error);
  }
  const difference =
    wrong === 0
      ? null
      : `${wrong} of ${found.length} elements differ; element ${first} is ${shown(found[first]!)}, ` +
        `expected ${shown(expected.value[first]!)} ± ${expected.error[first]!.toPrecision(3)}`;
  return { difference, undecided, largestShare };
}

function shown(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Where a second time from the same start differs in a bit, in words. */
export function compareBits(
  states: readonly Initial[],
  [once, again]: readonly [readonly Contents[], readonly Contents[]],
): string[] {
  const bits = (values: Float32Array | Uint32Array): Uint32Array =>
    new Uint32Array(values.buffer, values.byteOffset, values.length);
  return states.flatMap(({ state }, i) =>
    once.flatMap((contents, run) =>
      contents[i]!.flatMap((values, replica) => {
        const [a, b] = [bits(values), bits(again[run]![i]![replica]!)];
        const at = a.findIndex((word, e) => word !== b[e]);
        if (at < 0) return [];
        return [
          `${state.label}, replica ${replica}, run ${run}: element ${at} is not the same a second time`,
        ];
      }),
    ),
  );
}
