import { type Node, size } from '../../../src/ops/graph.ts';
import {
  add,
  type Bounded,
  EPS,
  isUndecided,
  multiply,
  rounded,
  scaled,
  subtract,
  sumOf,
  UNDECIDED,
} from './bounded.ts';
import { softmax } from './losses.ts';
import type { Rule } from './rule.ts';
import { at, make, type Values } from './values.ts';

/** What a node is of: so many matrices, with queries, keys and values apart, or those of all heads side by side. */
interface Attention {
  readonly heads: number | undefined;
  readonly matrices: number;
  readonly places: number;
  readonly width: number;
  readonly causal: boolean;
  readonly scale: number;
}

function attentionOf({ inputs, attributes: { causal, scale, heads } }: Node): Attention {
  const [first, places, width] = inputs[0]!.shape as [number, number, number];
  const each = heads === undefined ? width : width / heads / 3;
  return { heads, matrices: first * (heads ?? 1), places, width: each, causal, scale };
}

/** Where number e of row t of matrix m is: of a result, or of queries (0), keys (1) and values (2) in what holds all three. */
function place({ heads, places, width }: Attention, m: number, t: number, e: number, third?: number): number {
  if (heads === undefined) return (m * places + t) * width + e;
  const row = Math.floor(m / heads) * places + t;
  const side = third === undefined ? row * heads : (row * 3 + third) * heads;
  return (side + (m % heads)) * width + e;
}

/** A row of operand `third` of the node, as numbers. */
function rowOf(of: Attention, inputs: readonly Values[], third: number, m: number, t: number): Bounded[] {
  const values = of.heads === undefined ? inputs[third]! : inputs[0]!;
  return Array.from({ length: of.width }, (_, e) => at(values, place(of, m, t, e, third)));
}

const dot = (a: readonly Bounded[], b: readonly Bounded[]): Bounded =>
  sumOf(a.map((x, e) => multiply(x, b[e]!)));

/** Scores of query t and the keys that it sees. */
function scores(of: Attention, inputs: readonly Values[], m: number, t: number): Bounded[] {
  const query = rowOf(of, inputs, 0, m, t).map((x) => scaled(x, of.scale));
  const seen = of.causal ? t + 1 : of.places;
  return Array.from({ length: seen }, (_, j) => dot(query, rowOf(of, inputs, 1, m, j)));
}

function forward(node: Node, inputs: readonly Values[]): Values[] {
  const of = attentionOf(node);
  const o: Bounded[] = [];
  const l: Bounded[] = [];
  for (let m = 0; m < of.matrices; m++) {
    for (let t = 0; t < of.places; t++) {
      const z = scores(of, inputs, m, t);
      const { p, logTotal, top } = softmax(z);
      const error = Math.max(...z.map((score) => score.error));
      l.push(isUndecided(logTotal) ? UNDECIDED : add({ value: top, error }, logTotal));
      for (let e = 0; e < of.width; e++) {
        const terms = p.map((weight, j) => multiply(weight, rowOf(of, inputs, 2, m, j)[e]!));
        o[place(of, m, t, e)] = sumOf(terms);
      }
    }
  }
  return [make(o.length, (i) => o[i]!), make(l.length, (i) => l[i]!)];
}

/** exp(score − l): of what it is of its errors move it by a factor, and exp is right to 3 + 2|score − l| units. */
function weightOf(score: Bounded, l: Bounded): Bounded {
  const x = score.value - l.value;
  if (isUndecided(score) || isUndecided(l) || !Number.isFinite(x)) return UNDECIDED;
  const p = Math.exp(x);
  const moved = score.error + l.error + EPS * Math.abs(x);
  return rounded(p, p * (Math.expm1(moved) + EPS * (16 + 2 * Math.abs(x)) * Math.exp(moved)), 0);
}

function gradient(node: Node, inputs: readonly Values[]): Values[] {
  const of = attentionOf(node);
  const count = of.heads === undefined ? 3 : 1;
  const [d, o, l] = inputs.slice(count) as [Values, Values, Values];
  const result = (values: Values, m: number, t: number): Bounded[] =>
    Array.from({ length: of.width }, (_, e) => at(values, place(of, m, t, e)));
  const made = node.outputs.map(({ shape }) => Array<Bounded>(size(shape)).fill(UNDECIDED));
  const write = (third: number, m: number, t: number, row: (e: number) => Bounded): void => {
    for (let e = 0; e < of.width; e++) {
      made[of.heads === undefined ? third : 0]![place(of, m, t, e, third)] = row(e);
    }
  };
  for (let m = 0; m < of.matrices; m++) {
    const [p, ds]: [Bounded[][], Bounded[][]] = [[], []];
    for (let t = 0; t < of.places; t++) {
      const own = result(d, m, t);
      const along = dot(own, result(o, m, t));
      p[t] = scores(of, inputs, m, t).map((score) => weightOf(score, at(l, m * of.places + t)));
      ds[t] = p[t]!.map((weight, j) =>
        multiply(weight, subtract(dot(own, rowOf(of, inputs, 2, m, j)), along, of.width)),
      );
      write(0, m, t, (e) =>
        scaled(sumOf(ds[t]!.map((slope, j) => multiply(slope, rowOf(of, inputs, 1, m, j)[e]!))), of.scale),
      );
    }
    for (let j = 0; j < of.places; j++) {
      const seen = p.map((_, t) => t).filter((t) => p[t]!.length > j);
      const query = (t: number, e: number): Bounded => scaled(rowOf(of, inputs, 0, m, t)[e]!, of.scale);
      write(1, m, j, (e) => sumOf(seen.map((t) => multiply(ds[t]![j]!, query(t, e)))));
      write(2, m, j, (e) => sumOf(seen.map((t) => multiply(p[t]![j]!, result(d, m, t)[e]!))));
    }
  }
  return made.map((values) => make(values.length, (i) => values[i]!));
}

export const attention: Readonly<Record<string, Rule>> = {
  attention: forward,
  attentionGradient: gradient,
  selfAttention: forward,
  selfAttentionGradient: gradient,
};
