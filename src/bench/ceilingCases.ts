import type { KernelCall } from '../gpu/kernelCall.ts';
import { applyAll, type Op } from '../ops/op.ts';
import { U } from '../selftest/tolerance.ts';
import { shapeName, type Trial } from '../selftest/trial.ts';
import { random } from '../selftest/values.ts';
import { copyCall, emptyCall, FMA_STEPS, fmaCall } from './ceilings.ts';

const MARK = 7;
/** Contracts, so that starts and roundings of long ago do not count. */
const CHAIN = { factor: 0.5, addend: 0.25 };
const ROUNDS = 2 * FMA_STEPS;

/** An op of one kernel with one result, `y`. */
function kernelOp(call: KernelCall): Op {
  return {
    name: call.source.name,
    lower: ({ inputs: [x], outputs: [y] }, to) => to.dispatch(call, { ...(x ? { x } : {}), y: y! }),
  };
}

/** The kernels by which the bench measures what an adapter can do at most. */
export function ceilingTrials(): Trial[] {
  const copies = [1, 4].flatMap((each) =>
    [1, 33, 65, 127, 1025].map((vectors): Trial => {
      const elements = 4 * vectors;
      return {
        kernel: 'ceilings/copyBandwidth',
        name: `${shapeName([elements], 3)}, ${each} an invocation`,
        replicas: 3,
        operands: { x: random([elements], 1) },
        trace: ({ x }) => applyAll(kernelOp(copyCall(vectors, each)), [x!], {}, [{ shape: [elements] }]),
        expect: ({ x }) => [{ values: x!, tolerance: 0 }],
      };
    }),
  );
  const chains = [1, 4].map((count): Trial => {
    const invocations = 127;
    const call = fmaCall(invocations, ROUNDS, count, CHAIN);
    const end = (start: number): number => {
      let value = start;
      for (let r = 0; r < ROUNDS; r++) value = value * CHAIN.factor + CHAIN.addend;
      return value;
    };
    const values = Float64Array.from({ length: invocations }, (_, i) => {
      let sum = 0;
      for (let c = 0; c < count; c++) sum += 4 * end(i + c);
      return sum;
    });
    return {
      kernel: 'ceilings/fmaPeak',
      name: `${count} chains of ${ROUNDS}, ${shapeName([invocations], 1)}`,
      replicas: 1,
      operands: {},
      trace: (_tensors, _states, graph) =>
        applyAll(kernelOp(call), [], { graph }, [{ shape: [invocations], replicated: false }]),
      // Two roundings a step at most, halved by every later one, and those of the sum.
      expect: () => [{ values, tolerance: values.map((v) => (4 + count) * U * v) }],
    };
  });
  return [
    ...copies,
    ...chains,
    {
      kernel: 'ceilings/emptyDispatch',
      name: 'marked',
      replicas: 1,
      operands: {},
      trace: (_tensors, _states, graph) =>
        applyAll(kernelOp(emptyCall(MARK)), [], { graph }, [{ shape: [1], dtype: 'u32', replicated: false }]),
      expect: () => [{ values: [MARK], tolerance: 0 }],
    },
  ];
}
