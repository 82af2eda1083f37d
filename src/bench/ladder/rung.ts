import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import type { Tensor, TensorType } from '../../ops/graph.ts';
import { applyAll, type KernelTarget, type Op, type Scratch } from '../../ops/op.ts';
import type { Expected, Operand, Trial, Values } from '../../selftest/trial.ts';
import type { LadderName, LadderText } from '../kernelsReport.ts';

/** What a rung dispatches for a shape. */
export interface RungPlan {
  /** In order; operands by the kernel's binding names, values are names of operands, results or scratch. */
  readonly passes: readonly {
    readonly call: KernelCall;
    readonly operands: Readonly<Record<string, string>>;
  }[];
  /** Elements of buffers between passes, by name. */
  readonly scratch?: Readonly<Record<string, number>>;
}

/** One version of a kernel, from the naive one to the best. */
export interface Rung<S> {
  readonly number: number;
  readonly title: string;
  /** Of its main pass. */
  readonly kernel: KernelSource;
  /** Why it is faster than the one before, and where it is not. */
  readonly why: string;
  /** What it dispatches, or why it cannot here: a feature that is missing, an extent that it does not take. */
  plan(shape: S, target: KernelTarget): RungPlan | string;
}

/** Versions of one computation, all on the same operands and beside the same reference. */
export interface Ladder<S> {
  readonly name: LadderName;
  /** What is computed. */
  readonly about: string;
  readonly rungs: readonly Rung<S>[];
  /** The shape in words. */
  title(shape: S): string;
  operands(shape: S): Readonly<Record<string, Operand>>;
  /** By the names that plans call them. */
  results(shape: S): Readonly<Record<string, TensorType>>;
  /** In the order of `results`. */
  expect(shape: S, values: Readonly<Record<string, Values>>): readonly Expected[];
}

/** A rung at a shape as a trial: what the self-test checks and the bench times is one and the same. */
export function rungTrial<S>(
  ladder: Ladder<S>,
  rung: Rung<S>,
  shape: S,
  { replicas = 1 }: { readonly replicas?: 1 | 3 } = {},
): Trial {
  const op = rungOp(ladder, rung, shape);
  return {
    kernel: rung.kernel.name,
    name: `rung ${rung.number}, ${rung.title}: ${ladder.title(shape)}, R = ${replicas}`,
    replicas,
    runsOn: (target) => typeof rung.plan(shape, target) !== 'string',
    operands: ladder.operands(shape),
    trace: (tensors) => applyAll(op, Object.values(tensors), {}, Object.values(ladder.results(shape))),
    expect: (values) => ladder.expect(shape, values),
  };
}

function rungOp<S>(ladder: Ladder<S>, rung: Rung<S>, shape: S): Op {
  const operandNames = Object.keys(ladder.operands(shape));
  const resultNames = Object.keys(ladder.results(shape));
  return {
    name: `${ladder.name} rung ${rung.number}`,
    lower: ({ inputs, outputs }, to) => {
      const plan = rung.plan(shape, to.target);
      if (typeof plan === 'string') throw new Error(`${ladder.name}, rung ${rung.number}: ${plan}`);
      const replicated = inputs.some((input) => input.replicated);
      const named = new Map<string, Tensor | Scratch>([
        ...operandNames.map((name, i) => [name, inputs[i]!] as const),
        ...resultNames.map((name, i) => [name, outputs[i]!] as const),
        ...Object.entries(plan.scratch ?? {}).map(
          ([name, elements]) => [name, to.scratch([elements], replicated)] as const,
        ),
      ]);
      for (const { call, operands } of plan.passes) {
        to.dispatch(
          call,
          Object.fromEntries(Object.entries(operands).map(([binding, name]) => [binding, named.get(name)!])),
        );
      }
    },
  };
}

/** What a ladder of kernels and one of whole programs have in common. */
export interface DescribedLadder extends Pick<Ladder<never>, 'name' | 'about'> {
  readonly rungs: readonly Pick<Rung<never>, 'number' | 'title' | 'kernel' | 'why'>[];
}

/** What a report holds of a ladder. */
export function ladderText({ name, about, rungs }: DescribedLadder): LadderText {
  return {
    name,
    about,
    rungs: rungs.map(({ number, title, kernel, why }) => ({ number, title, kernel: kernel.name, why })),
  };
}
