import type { Node } from '../../../src/ops/graph.ts';
import {
  add,
  type Bounded,
  EPS,
  exact,
  isUndecided,
  multiply,
  rounded,
  scaled,
  subtract,
  sumOf,
  UNDECIDED,
} from './bounded.ts';
import type { Rule } from './rule.ts';
import { at, make, type Values } from './values.ts';

interface Row {
  readonly p: readonly Bounded[];
  /** log Σ exp(z − top), and z's largest element. */
  readonly logTotal: Bounded;
  readonly top: number;
}

/**
 * Softmax of a row. exp(z − top) is right to 3 + 2|z − top| units, so its share of the total to 3 + 2 at most; an error e of the
 * logits moves a share by a factor within e^±2e, and the logarithm of the total by e.
 */
export function softmax(z: readonly Bounded[]): Row {
  const top = Math.max(...z.map(({ value }) => value));
  // WGSL leaves open what exp is of a NaN, which ∞ − ∞ is too.
  if (z.some(isUndecided) || !Number.isFinite(top)) {
    return { p: z.map(() => UNDECIDED), logTotal: UNDECIDED, top: Number.NaN };
  }
  const powers = z.map(({ value }) => Math.exp(value - top));
  const total = powers.reduce((sum, power) => sum + power, 0);
  const moved = Math.max(...z.map(({ error }) => error));
  const p = z.map(({ value }, c) => {
    const share = powers[c]! / total;
    const local = EPS * (z.length + 16 + 2 * Math.abs(value - top));
    const error = share * (Math.expm1(2 * moved) + local * Math.exp(2 * moved));
    return Number.isFinite(share) ? rounded(share, error, 0) : exact(share);
  });
  // WGSL's log is right to 2⁻²¹ near 1.
  const logTotal = rounded(
    Math.log(total),
    moved,
    2 ** -21 + EPS * (z.length + 16) + 3 * EPS * Math.abs(Math.log(total)),
  );
  return { p, logTotal, top };
}

function rows({ inputs: [z] }: Node, values: Values): Bounded[][] {
  const classes = z!.shape.at(-1)!;
  return Array.from({ length: values.value.length / classes }, (_, row) =>
    Array.from({ length: classes }, (_, c) => at(values, row * classes + c)),
  );
}

const flat = (of: readonly (readonly Bounded[])[]): Values => {
  const all = of.flat();
  return make(all.length, (i) => all[i]!);
};

export const losses: Readonly<Record<string, Rule>> = {
  softmax: (node, [z]) => [
    flat(
      rows(node, z!).map((row, n) => {
        if (!node.attributes.causal) return softmax(row).p;
        const end = (n % row.length) + 1;
        return [...softmax(row.slice(0, end)).p, ...row.slice(end).map(() => exact(0))];
      }),
    ),
  ],
  softmaxCrossEntropy: (node, [z, labels]) => {
    const all = rows(node, z!);
    return [
      make(all.length, (n) => {
        const { logTotal, top } = softmax(all[n]!);
        const label = at(labels!, n);
        const own = all[n]![label.value];
        // A label past the classes is no label.
        if (isUndecided(label) || isUndecided(logTotal) || !own) return UNDECIDED;
        const gap = rounded(top - own.value, own.error, EPS * Math.abs(top - own.value));
        return add(gap, logTotal);
      }),
    ];
  },
  softTargetCrossEntropy: (node, [z, y]) => {
    const [all, targets] = [rows(node, z!), rows(node, y!)];
    return [
      make(all.length, (n) => {
        const { logTotal, top } = softmax(all[n]!);
        if (isUndecided(logTotal)) return UNDECIDED;
        const terms = all[n]!.map((logit, c) => {
          const gap = rounded(top - logit.value, logit.error, EPS * Math.abs(top - logit.value));
          return multiply(targets[n]![c]!, add(logTotal, gap));
        });
        return sumOf(terms);
      }),
    ];
  },
  softmaxCrossEntropyGradient: (node, [z, labels, w]) => [
    flat(
      rows(node, z!).map((row, n) => {
        const label = at(labels!, n);
        return softmax(row).p.map((p, c) => {
          if (isUndecided(label) || label.value >= row.length) return UNDECIDED;
          return multiply(at(w!, n), subtract(p, exact(c === label.value ? 1 : 0)));
        });
      }),
    ),
  ],
  softmaxJacobian: (node, [p, v]) => {
    const { factor } = node.attributes;
    const vectors = rows({ ...node, inputs: [node.inputs[1]!] }, v!);
    return [
      flat(
        rows(node, p!).map((row, n) => {
          const along = sumOf(row.map((share, c) => multiply(share, vectors[n]![c]!)));
          return row.map((share, c) =>
            multiply(scaled(share, factor), subtract(vectors[n]![c]!, along, row.length)),
          );
        }),
      ),
    ];
  },
};
