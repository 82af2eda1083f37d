/**
 * What a trace is written with: one function an op, and the transforms of a trace (`grad`, `vjp`, `jvp`, `perExample`). Shapes are
 * of one replica; tensors are float32 unless said otherwise. An op that does not take what it is given throws, naming itself, what
 * was found and what was expected.
 * @module
 */

export {
  type CheckedInput,
  type CheckOptions,
  checkDerivatives,
  type DerivativeErrors,
} from '../autograd/checkDerivatives.ts';
export { jvp } from '../autograd/jvp.ts';
export { perExample } from '../autograd/perExample.ts';
export { type Cotangents, grad, type Use, vjp } from '../autograd/vjp.ts';
export type { KernelCall } from '../gpu/kernelCall.ts';
export type { KernelInterface, KernelSource, ScalarType } from '../gpu/kernelSource.ts';
export * from '../ops/index.ts';
export type { PerExampleGradient, PerExampleMoments } from '../ops/perExample/perExampleGradient.ts';
