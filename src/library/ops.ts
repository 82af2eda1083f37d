/**
 * What a trace is written with: one function an op, and the transforms of a trace (`grad`, `vjp`, `jvp`, `perExample`). Shapes are
 * of one replica; tensors are float32 unless said otherwise. An op that does not take what it is given throws, naming itself, what
 * was found and what was expected.
 */
export { jvp } from '../autograd/jvp.ts';
export { perExample } from '../autograd/perExample.ts';
export { type Cotangents, grad, vjp } from '../autograd/vjp.ts';
export * from '../ops/index.ts';
export type { PerExampleGradient } from '../ops/perExample/perExampleGradient.ts';
