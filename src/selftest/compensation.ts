import kernel from '../../shaders/selftest/compensatedSum.wgsl';
import type { Gpu } from '../gpu/device.ts';
import { Program } from '../gpu/program.ts';
import { State } from '../gpu/state.ts';
import { sum } from '../reference/sum.ts';
import type { SelftestRow } from './runTrial.ts';
import { U } from './tolerance.ts';
import { uniform } from './values.ts';

/** The relative errors of one long serial sum, and what they say about this device's compiler. */
export interface CompensatedSum {
  readonly elements: number;
  readonly plainSum: number;
  readonly twoSum: number;
  readonly guardedTwoSum: number;
  /** TwoSum as it is written is compensated here; where it is not, the compiler has simplified it away. */
  readonly twoSumSurvives: boolean;
}

const ELEMENTS = 65_536;
const METHODS = ['plain sum', 'TwoSum', 'guarded TwoSum'] as const;

/**
 * Compensated summation on the device: Knuth's TwoSum as it is written, which a compiler may simplify away since WGSL
 * allows it to reassociate, and with intermediate results held by an integer operation. The guarded form must be right
 * to the rounding of the result; the plain one is reported.
 */
export async function compensatedSum(gpu: Gpu): Promise<{ row: SelftestRow; found: CompensatedSum }> {
  // Near 0.1 the roundings of a plain sum have one sign for long: it loses four digits.
  const values = uniform(ELEMENTS, 1, 0.0999, 0.1001);
  const [exact] = sum(values, { outer: 1, reduced: ELEMENTS, inner: 1 }) as unknown as [number];
  const x = new State(gpu, { label: 'x', shape: [ELEMENTS] });
  const ys = METHODS.map((label) => new State(gpu, { label, shape: [1] }));
  x.write(values);
  const place = ({ buffer, replicaStride }: State) => ({ buffer, offset: 0, replicaStride });
  const program = await Program.record(
    gpu,
    'compensated sum',
    METHODS.map((label, METHOD) => ({
      label,
      call: { source: kernel, knobs: { METHOD }, params: { elements: ELEMENTS, zero: 0 }, grid: [1, 1] },
      operands: { x: place(x), y: place(ys[METHOD]!) },
      replicas: 1,
    })),
  );
  try {
    const run = async (): Promise<number[]> => {
      program.run();
      return Promise.all(ys.map(async (y) => (await y.read())[0]!));
    };
    const first = await run();
    const started = performance.now();
    const second = await run();
    const milliseconds = Math.round(1000 * (performance.now() - started)) / 1000;
    const errors = first.map((value) => Math.abs(value - exact) / exact) as [number, number, number];
    // The sum of the errors rounds too, as does the result.
    const tolerance = 3 * U;
    const deterministic = first.every((value, i) => value === second[i]);
    const [plainSum, twoSum, guardedTwoSum] = errors;
    return {
      row: {
        kernel: kernel.name,
        variant: 'METHOD=2',
        case: `${ELEMENTS} terms, guarded TwoSum, relative error`,
        worstError: Number.isFinite(guardedTwoSum) ? guardedTwoSum : null,
        tolerance,
        deterministic,
        ok: deterministic && guardedTwoSum <= tolerance,
        milliseconds,
      },
      found: { elements: ELEMENTS, plainSum, twoSum, guardedTwoSum, twoSumSurvives: twoSum <= tolerance },
    };
  } finally {
    program.dispose();
    for (const state of [x, ...ys]) state.dispose();
  }
}
