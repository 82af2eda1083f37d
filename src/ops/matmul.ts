import { addPresent } from './add.ts';
import { showShape, type Tensor } from './graph.ts';
import { apply, applyAll, defineOp, type Op, type RuleArguments } from './op.ts';
import { type Activation, type MatmulForm, planMatmul } from './plans/matmulPlan.ts';

export type { Activation, MatmulForm };

interface Extents {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

function extents(form: MatmulForm, a: Tensor, b: Tensor): Extents {
  const [a0, a1] = a.shape as [number, number];
  const [b0, b1] = b.shape as [number, number];
  const [m, k] = form === 'TN' ? [a1, a0] : [a0, a1];
  const [n, inner] = form === 'NT' ? [b0, b1] : [b1, b0];
  if (a.shape.length !== 2 || b.shape.length !== 2 || k !== inner) {
    throw new Error(`matmul ${form}: ${showShape(a.shape)} and ${showShape(b.shape)} do not fit`);
  }
  return { m, n, k };
}

/** ∂/∂A and ∂/∂B of ⟨D, C⟩, each in one of the three forms again. */
const COTANGENTS: Record<MatmulForm, (a: Tensor, b: Tensor, d: Tensor) => readonly [Tensor, Tensor]> = {
  NN: (a, b, d) => [matmul('NT', d, b), matmul('TN', a, d)],
  NT: (a, b, d) => [matmul('NN', d, b), matmul('TN', d, a)],
  TN: (a, b, d) => [matmul('NT', b, d), matmul('NN', a, d)],
};

export const matmulOp = defineOp({
  name: 'matmul',
  vjp: ({ inputs: [a, b], attributes }, [d]) =>
    d ? COTANGENTS[attributes.form as MatmulForm](a!, b!, d) : [null, null],
  jvp: ({ inputs: [a, b], attributes: { form } }, [da, db]) => [
    addPresent(da ? matmul(form, da, b!) : null, db ? matmul(form, a!, db) : null),
  ],
  lower: ({ inputs: [a, b], outputs: [c], attributes: { form } }, to) => {
    to.dispatch(planMatmul({ form, ...extents(form, a!, b!) }, to.target), { a: a!, b: b!, c: c! });
  },
});

/**
 * C [m, n] = A·B (NN: A [m, k], B [k, n]), A·Bᵀ (NT: B [n, k]) or Aᵀ·B (TN: A [k, m]).
 * @throws if the shapes do not fit.
 */
export function matmul(form: MatmulForm, a: Tensor, b: Tensor): Tensor {
  const { m, n } = extents(form, a, b);
  return apply(matmulOp, [a, b], { form }, { shape: [m, n] });
}

/** act(A∘B + bias): made by the compiler from matmul, bias and activation. */
const matmulBiasOp: Op = {
  name: 'matmulBias',
  lower: ({ inputs: [a, b, bias], outputs: [c], attributes: { form, activation } }, to) => {
    const call = planMatmul(
      { form, ...extents(form, a!, b!), bias: bias !== undefined, activation },
      to.target,
    );
    to.dispatch(call, { a: a!, b: b!, c: c!, ...(bias ? { bias } : {}) });
  },
};

export function matmulBias(
  { inputs: [a, b], outputs: [c], attributes: { form } }: RuleArguments,
  bias: Tensor | null,
  activation: Activation,
): Tensor {
  return apply(matmulBiasOp, bias ? [a!, b!, bias] : [a!, b!], { form, activation }, { shape: c!.shape });
}

/** (A∘B)·act′, the derivative taken from the activation's output y: made from matmul and an activation's backward. */
const matmulMaskOp: Op = {
  name: 'matmulMask',
  lower: ({ inputs: [a, b, y], outputs: [c], attributes: { form, mask } }, to) => {
    to.dispatch(planMatmul({ form, ...extents(form, a!, b!), mask }, to.target), {
      a: a!,
      b: b!,
      c: c!,
      y: y!,
    });
  },
};

export function matmulMask(
  { inputs: [a, b], attributes: { form } }: RuleArguments,
  y: Tensor,
  mask: Activation,
): Tensor {
  return apply(matmulMaskOp, [a!, b!, y], { form, mask }, { shape: y.shape });
}

/** [AᵀB, column sums of A]: a layer's weight and bias gradient from one reading of the output's gradient. */
const matmulColumnSumOp: Op = {
  name: 'matmulColumnSum',
  joined: [[0, 1]],
  lower: ({ inputs: [a, b], outputs: [c, sums] }, to) => {
    const call = planMatmul({ form: 'TN', ...extents('TN', a!, b!), columnSum: true }, to.target);
    const params = { ...call.params, columnSumOffset: to.offset(sums!) };
    to.dispatch({ ...call, params }, { a: a!, b: b!, c: c! });
  },
};

export function matmulColumnSum({ inputs: [a, b], outputs: [c] }: RuleArguments): readonly [Tensor, Tensor] {
  const types = [{ shape: c!.shape }, { shape: [a!.shape[1]!], replicated: c!.replicated }];
  return applyAll(matmulColumnSumOp, [a!, b!], {}, types) as unknown as readonly [Tensor, Tensor];
}
