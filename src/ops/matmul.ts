import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import type { Tensor } from './graph.ts';
import {
  apply,
  applyAll,
  defineOp,
  type Lowering,
  type Op,
  type Operand,
  type RuleArguments,
  type Scratch,
} from './op.ts';
import { type Activation, type MatmulForm, type MatmulShape, planMatmul } from './plans/matmulPlan.ts';
import { planFinish, takesOnePass } from './plans/splitPlan.ts';
import { requireTensor, showGiven } from './requireTensor.ts';

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
    lowerProduct(to, { form, ...extents(form, a!, b!) }, { a: a!, b: b!, c: c! });
  },
});

/** Operands by the names that the kernels give them. */
export type ProductOperands = Readonly<Record<'a' | 'b' | 'c', Operand>> &
  Readonly<Partial<Record<'bias' | 'y' | 'addend' | 'a2' | 'b2', Operand>>>;

/** Dispatches a product, in two passes where its k is split. */
export function lowerProduct(
  to: Lowering,
  shape: MatmulShape,
  operands: ProductOperands,
  columnSumOffset = 0,
): void {
  const { call, split } = planMatmul(shape, to.target);
  const withSums = (made: typeof call, at: number) =>
    'columnSumOffset' in made.params ? { ...made, params: { ...made.params, columnSumOffset: at } } : made;
  if (!split) {
    to.dispatch(withSums(call, columnSumOffset), operands);
    return;
  }
  const { a, b, ...rest } = operands;
  const part = to.scratch([split.elements], isReplicated(a) || isReplicated(b));
  to.dispatch(withSums(call, split.columnSumOffset), { a, b, c: part });
  to.dispatch(withSums(split.finish, columnSumOffset), { part, ...rest });
}

function isReplicated(operand: Operand): boolean {
  return typeof operand === 'object' && operand.replicated;
}

/**
 * C [m, n] = A·B (NN: A [m, k], B [k, n]), A·Bᵀ (NT: B [n, k]) or Aᵀ·B (TN: A [k, m]).
 * @throws if the shapes do not fit.
 */
export function matmul(form: MatmulForm, a: Tensor, b: Tensor): Tensor {
  if (!['NN', 'NT', 'TN'].includes(form)) {
    throw new InputError('matmul', 'form', `${showGiven(form)}, expected NN, NT or TN before the operands`);
  }
  requireTensor('matmul', 'A', a);
  requireTensor('matmul', 'B', b);
  const { m, n } = extents(form, a, b);
  return apply(matmulOp, [a, b], { form }, { shape: [m, n] });
}

/** A product, or the sum of two, and what the compiler has found to be done with it. */
export interface Fusion {
  readonly form: MatmulForm;
  readonly a: Tensor;
  readonly b: Tensor;
  /** Operands of a second product of the same form and size, which is added. */
  readonly a2?: Tensor;
  readonly b2?: Tensor;
  /** [n], added to every row. */
  readonly bias?: Tensor;
  /** [m, n], added. */
  readonly addend?: Tensor;
  readonly activation: Activation;
  /** Multiplies by the derivative of an activation, taken from its output `y` [m, n]. */
  readonly mask: Activation;
  readonly y?: Tensor;
}

const FUSED = ['a', 'b', 'a2', 'b2', 'bias', 'addend', 'y'] as const;

/**
 * act(A∘B [+ A2∘B2] [+ bias] [+ addend])·[act′(y)]: made by the compiler. Where a target has no quick kernel for all of it,
 * the products are plain ones into scratch, and one more pass does the rest.
 */
const matmulFusedOp: Op = {
  name: 'matmulFused',
  lower: ({ inputs, outputs: [c], attributes }, to) => {
    const names: readonly (typeof FUSED)[number][] = attributes.names;
    const { a, b, a2, b2, ...epilogue } = Object.fromEntries(names.map((name, i) => [name, inputs[i]!]));
    const { form, activation, mask } = attributes as Pick<Fusion, 'form' | 'activation' | 'mask'>;
    const { m, n, k } = extents(form, a!, b!);
    const k2 = a2 && b2 ? extents(form, a2, b2).k : undefined;
    const fused = {
      bias: epilogue.bias !== undefined,
      addend: epilogue.addend !== undefined,
      activation,
      mask,
    };
    const shape: MatmulShape = { form, m, n, k, k2, ...fused };
    if (takesOnePass(shape, to.target)) {
      lowerProduct(to, shape, { a: a!, b: b!, c: c!, ...(a2 && b2 ? { a2, b2 } : {}), ...epilogue });
      return;
    }
    lowerInPasses(to, shape, { a: a!, b: b!, a2, b2, c: c!, ...epilogue });
  },
};

/**
 * Dispatches what is fused of plain products into scratch and passes over them, which add two terms each: the products
 * and the addend.
 */
export function lowerInPasses(
  to: Lowering,
  { k2, ...shape }: MatmulShape,
  {
    a,
    b,
    a2,
    b2,
    c,
    addend,
    ...epilogue
  }: Readonly<Record<'a' | 'b' | 'c', Tensor>> &
    Readonly<Partial<Record<'a2' | 'b2' | 'bias' | 'y' | 'addend', Tensor>>>,
): void {
  const { form, m, n, k } = shape;
  const product = (left: Tensor, right: Tensor, length: number): Scratch => {
    const made = to.scratch([m, n], left.replicated || right.replicated);
    lowerProduct(to, { form, m, n, k: length }, { a: left, b: right, c: made });
    return made;
  };
  const part = product(a, b, k);
  const second = a2 && b2 ? product(a2, b2, k2!) : undefined;
  const terms = [second, addend].filter((term) => term !== undefined);
  let term = terms[0];
  if (terms.length > 1) {
    term = to.scratch(
      [m, n],
      terms.some(({ replicated }) => replicated),
    );
    to.dispatch(planFinish({ form, m, n, k, addend: true }), { part: terms[0]!, addend: terms[1]!, c: term });
  }
  to.dispatch(planFinish({ ...shape, addend: term !== undefined }), {
    part,
    c,
    ...epilogue,
    ...(term ? { addend: term } : {}),
  });
}

export function matmulFused(fusion: Fusion): Tensor {
  const { form, a, b, activation, mask } = fusion;
  const { m, n } = extents(form, a, b);
  const names = FUSED.filter((name) => fusion[name]);
  const inputs = names.map((name) => fusion[name]!);
  return apply(matmulFusedOp, inputs, { form, names, activation, mask }, { shape: [m, n] });
}

/** [AᵀB, column sums of A]: a layer's weight and bias gradient from one reading of the output's gradient. */
const matmulColumnSumOp: Op = {
  name: 'matmulColumnSum',
  joined: [[0, 1]],
  lower: ({ inputs: [a, b], outputs: [c, sums] }, to) => {
    const shape: MatmulShape = { form: 'TN', ...extents('TN', a!, b!), columnSum: true };
    lowerProduct(to, shape, { a: a!, b: b!, c: c! }, to.offset(sums!));
  },
};

export function matmulColumnSum({ inputs: [a, b], outputs: [c] }: RuleArguments): readonly [Tensor, Tensor] {
  const types = [{ shape: c!.shape }, { shape: [a!.shape[1]!], replicated: c!.replicated }];
  return applyAll(matmulColumnSumOp, [a!, b!], {}, types) as unknown as readonly [Tensor, Tensor];
}
