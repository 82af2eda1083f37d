import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { headsApart, headsTogether, ofThirds, thirds } from './attentionHeads.ts';
import { attentionGradientTangent, attentionTangent, type Scores } from './attentionTangents.ts';
import { type Attributes, sameShape, size, type Tensor } from './graph.ts';
import { applyAll, defineOp, type MaybeTensor, type Op } from './op.ts';
import {
  type AttentionShape,
  planAttention,
  planAttentionKeys,
  planAttentionQueries,
  WIDEST_ATTENTION,
} from './plans/attentionPlan.ts';
import { requireTensors } from './requireTensor.ts';
import { reshape } from './reshape.ts';

/**
 * What the ops know beside their operands: these are q, k and v [M, T, d], and o is of their shape; or with heads the rows that hold all
 * three, [N, T, 3·H·d], and o is [N, T, H·d].
 */
interface Attention extends Scores {
  readonly heads?: number;
}

function shapeOf(o: Tensor, { causal, scale, heads }: Attributes): AttentionShape {
  const [first, places, width] = o.shape as [number, number, number];
  const matrices = first * (heads ?? 1);
  return { matrices, places, width: width / (heads ?? 1), causal, scale, heads };
}

/** q, k and v [M, T, d] of an op's operands, or of their tangents. */
function apart(operands: readonly MaybeTensor[], { heads }: Attention): readonly MaybeTensor[] {
  if (heads === undefined) return operands;
  return operands[0] ? thirds(operands[0], heads) : [null, null, null];
}

/** The other way. */
function together(parts: readonly MaybeTensor[], { heads }: Attention): readonly MaybeTensor[] {
  return heads === undefined ? parts : [ofThirds(parts, heads)];
}

/** A result, or its tangent or cotangent, as matrices [M, T, d]. */
function resultApart(x: MaybeTensor, { heads }: Attention): MaybeTensor {
  return x && heads !== undefined ? headsApart(x, heads) : x;
}

function resultTangent(
  of: readonly MaybeTensor[],
  tangents: readonly MaybeTensor[],
  by: Attention,
): MaybeTensor {
  const tangent = attentionTangent(apart(of, by) as Tensor[], apart(tangents, by), by);
  return tangent && by.heads !== undefined ? headsTogether(tangent, by.heads) : tangent;
}

/** How many operands hold q, k and v. */
const operandsOf = ({ heads }: Attributes): number => (heads === undefined ? 3 : 1);

const forward: Omit<Op, 'name'> = {
  // The second output has no cotangent and needs no tangent: only the gradient takes it, to which it is a function of q and k.
  vjp: ({ inputs, outputs, attributes }, [d]) =>
    d ? attentionGradient(inputs, d, outputs, attributes as Attention) : [],
  jvp: ({ inputs, attributes }, tangents) => [resultTangent(inputs, tangents, attributes as Attention), null],
  lower: ({ inputs: [q, k = q, v = q], outputs: [o, l], attributes }, to) => {
    to.dispatch(planAttention(shapeOf(o!, attributes), to.target), { q: q!, k: k!, v: v!, o: o!, l: l! });
  },
};

// o and l are functions of q, k and v, and so the gradient is one of q, k, v and d alone: its rules are of it as a whole.
const gradient: Omit<Op, 'name'> = {
  // ⟨a, dq⟩ + ⟨b, dk⟩ + ⟨e, dv⟩ is ⟨d, o′⟩, o′ the tangent of o in the direction of (a, b, e): its gradient in d is o′, and in q, k
  // and v, second derivatives being symmetric, the tangent of (dq, dk, dv) in that direction.
  vjp: ({ inputs, attributes }, cotangents) => {
    const by = attributes as Attention;
    const of = inputs.slice(0, operandsOf(by));
    const d = inputs[of.length]!;
    return [...gradientTangent(of, d, cotangents, null, by), resultTangent(of, cotangents, by), null, null];
  },
  jvp: ({ inputs, attributes }, tangents) => {
    const by = attributes as Attention;
    const count = operandsOf(by);
    return gradientTangent(
      inputs.slice(0, count),
      inputs[count]!,
      tangents.slice(0, count),
      tangents[count],
      by,
    );
  },
  lower: ({ inputs, outputs: [dq, dk, dv], attributes }, to) => {
    const count = operandsOf(attributes);
    const [q, k = q!, v = q!] = inputs.slice(0, count);
    const [d, o, l] = inputs.slice(count) as [Tensor, Tensor, Tensor];
    const shape = shapeOf(o, attributes);
    const delta = to.scratch(l.shape, dq!.replicated);
    to.dispatch(planAttentionQueries(shape, to.target), { q: q!, k, v, o, d, l, dq: dq!, delta });
    const { heads } = shape;
    const all = (heads ?? 0) * shape.width;
    const dkAt = to.offset(dk ?? dq!) + all;
    const dvAt = to.offset(dv ?? dq!) + 2 * all;
    const sums = dk ?? dq!;
    to.dispatch(planAttentionKeys(shape, { dkAt, dvAt }, to.target), { q: q!, k, v, d, l, delta, sums });
  },
};

const attentionOp = defineOp({ name: 'attention', ...forward });
const attentionGradientOp = defineOp({ name: 'attentionGradient', joined: [[1, 2]], ...gradient });
const selfAttentionOp = defineOp({ name: 'selfAttention', ...forward });
const selfAttentionGradientOp = defineOp({ name: 'selfAttentionGradient', ...gradient });

function gradientTangent(
  of: readonly Tensor[],
  d: Tensor,
  tangents: readonly MaybeTensor[],
  dTangent: MaybeTensor,
  by: Attention,
): readonly MaybeTensor[] {
  const all = [...apart(of, by), resultApart(d, by)] as Tensor[];
  return together(attentionGradientTangent(all, [...apart(tangents, by), resultApart(dTangent, by)], by), by);
}

/**
 * The gradients of ⟨d, o⟩ in the operands of `attend`.
 * @param attended what it gave
 */
export function attentionGradient(
  operands: readonly Tensor[],
  d: Tensor,
  attended: readonly Tensor[],
  { causal, scale, heads }: Attention,
): readonly Tensor[] {
  const types = operands.map(({ shape }) => ({ shape }));
  const all = [...operands, d, ...attended];
  return heads === undefined
    ? applyAll(attentionGradientOp, all, { causal, scale }, types)
    : applyAll(selfAttentionGradientOp, all, { causal, scale, heads }, types);
}

/**
 * `attention` of q, k and v [M, T, d], or with heads of the rows that hold all three, and what its gradient is computed from: o, and l
 * [M, T], the logarithms of the softmaxes' denominators, through which nothing may be differentiated.
 */
export function attend(
  operands: readonly Tensor[],
  { causal, scale, heads }: Attention,
): readonly [o: Tensor, l: Tensor] {
  const [first, places, width] = operands[0]!.shape as [number, number, number];
  const types = [
    { shape: [first, places, heads === undefined ? width : width / 3] },
    { shape: [first * (heads ?? 1), places] },
  ];
  const [o, l] =
    heads === undefined
      ? applyAll(attentionOp, operands, { causal, scale }, types)
      : applyAll(selfAttentionOp, operands, { causal, scale, heads }, types);
  return [o!, l!];
}

/** Whether `attention` takes rows of so many numbers: a kernel has them in registers. */
export function attentionTakes(width: number): boolean {
  return width <= WIDEST_ATTENTION;
}

/** How scores become weights; see `attention`. */
export interface AttentionOptions {
  /** Row t sees the keys and values up to row t alone. */
  readonly causal?: boolean;
  /** Of the scores: 1/√d by default. */
  readonly scale?: number;
}

function scoresOf(
  op: string,
  width: number,
  { causal = false, scale = 1 / Math.sqrt(width) }: AttentionOptions,
): Scores {
  if (!attentionTakes(width)) {
    throw new Error(`${op}: rows of ${width} numbers, expected at most ${WIDEST_ATTENTION}`);
  }
  if (!Number.isFinite(scale)) {
    throw new InputError(op, 'scale', `${showValue(scale)}, expected a finite number`);
  }
  return { causal, scale };
}

/**
 * o = softmax(scale·q·kᵀ)·v for each matrix of the leading axes: q, k and v […, T, d] → […, T, d] (Vaswani et al. 2017). In one pass over
 * the keys, forwards, and two backwards that compute the weights anew, so that nothing of [T, T] is in memory (Dao et al. 2022); tangents
 * and second derivatives are of ops that have such matrices. What a query does not see does not count, a NaN neither.
 * @throws if the shapes differ or are of fewer axes, or d is more than 64
 * @throws InputError if the scale is no finite number
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  requireTensors('attention', [q, k, v]);
  const { shape } = q;
  if (shape.length < 2 || !sameShape(shape, k.shape) || !sameShape(shape, v.shape)) {
    const found = [q, k, v].map((x) => showShape(x.shape)).join(', ');
    throw new Error(`attention: ${found}, expected three of […, T, d]`);
  }
  const matrices = [size(shape.slice(0, -2)), ...shape.slice(-2)];
  const operands = [q, k, v].map((x) => reshape(x, matrices));
  return reshape(attend(operands, scoresOf('attention', shape.at(-1)!, options))[0], shape);
}

/**
 * `attention` of heads side by side, where they lie: x [N, T, 3·H·d], a row the queries of all heads, then their keys, then their values,
 * → [N, T, H·d], in the order of torch.nn.MultiheadAttention.
 * @throws if x is of other axes, or its rows are not three times so many heads; otherwise as `attention`
 */
export function selfAttention(x: Tensor, heads: number, options: AttentionOptions = {}): Tensor {
  requireTensors('selfAttention', [x]);
  const each = x.shape.at(-1)! / (3 * heads);
  if (x.shape.length !== 3 || !Number.isInteger(each) || each < 1) {
    throw new Error(
      `selfAttention: ${showShape(x.shape)} of ${showValue(heads)} heads, expected [N, T, 3·H·d]`,
    );
  }
  return attend([x], { ...scoresOf('selfAttention', each, options), heads })[0];
}
