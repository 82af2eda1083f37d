import { jvp } from '../../../src/autograd/jvp.ts';
import { dependents, grad, vjp } from '../../../src/autograd/vjp.ts';
import { type Node, size, type Tensor } from '../../../src/ops/graph.ts';
import { dot, sum } from '../../../src/ops/index.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import type { Step } from './step.ts';

/** All nodes that a tensor is made from, its own included. */
function ancestors(of: Tensor): Set<Node> {
  const found = new Set<Node>();
  const visit = (node: Node): void => {
    if (found.has(node)) return;
    found.add(node);
    for (const input of node.inputs) visit(input.node);
  };
  visit(of.node);
  return found;
}

/** Whether every op on the way from `from` to `of` has the rule. */
function isOpen(of: Tensor, from: readonly Tensor[], rule: 'vjp' | 'jvp'): boolean {
  const made = ancestors(of);
  const moving = dependents(of.node.graph.nodes, from);
  return [...made].every((node) => node.op[rule] || !node.inputs.some((input) => moving.has(input)));
}

/** One or a few tensors that another depends on. */
function sources(to: Tracing, draw: Draw, of: Tensor): Tensor[] {
  const made = ancestors(of);
  const known = to.tensors((t) => t.dtype === 'f32' && made.has(t.node) && t !== of && size(t.shape) <= 600);
  if (known.length === 0) return [];
  const count = 1 + draw.below(2);
  return [...new Set(Array.from({ length: count }, () => draw.of(known)))];
}

/** A scalar that depends on a tensor in all its elements. */
function scalarOf(to: Tracing, draw: Draw, x: Tensor): Tensor {
  if (x.shape.length === 0) return x;
  return draw.chance(60) ? to.call(dot, x, to.like(draw, x.shape)) : to.call(sum, x);
}

/** The largest graph whose gradient is still asked for. */
const isSmall = (to: Tracing): boolean => to.graph.nodes.length < 150;

export const derivatives: Readonly<Record<string, Step>> = {
  grad: (to, draw) => {
    const x = to.some(draw);
    const wrt = sources(to, draw, x);
    if (wrt.length === 0 || !isSmall(to)) return;
    const value = scalarOf(to, draw, x);
    if (isOpen(value, wrt, 'vjp')) to.call(grad, value, wrt);
  },
  vjp: (to, draw) => {
    const x = to.some(draw);
    const wrt = sources(to, draw, x);
    if (wrt.length === 0 || !isOpen(x, wrt, 'vjp') || !isSmall(to)) return;
    to.call(vjp, [[x, to.like(draw, x.shape)]], wrt);
  },
  jvp: (to, draw) => {
    const x = to.some(draw);
    const wrt = sources(to, draw, x);
    if (wrt.length === 0 || !isOpen(x, wrt, 'jvp') || !isSmall(to)) return;
    to.call(
      jvp,
      [x],
      wrt.map((t): readonly [Tensor, Tensor] => [t, to.like(draw, t.shape)]),
    );
  },
  /** A Hessian's product with a vector: forward over reverse. */
  hessianProduct: (to, draw) => {
    const x = to.some(draw);
    const wrt = sources(to, draw, x).slice(0, 1);
    if (wrt.length === 0 || !isSmall(to)) return;
    const value = scalarOf(to, draw, x);
    if (!isOpen(value, wrt, 'vjp')) return;
    const gradient = to.call(grad, value, wrt);
    if (!isOpen(gradient[0]!, wrt, 'jvp')) return;
    to.call(jvp, gradient, [[wrt[0]!, to.like(draw, wrt[0]!.shape)]]);
  },
};
