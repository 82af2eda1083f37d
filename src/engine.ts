/**
 * The engine alone: devices, programs, ops, differentiation, optimisation. No data formats, no measurement.
 * @module basin/engine
 */

import './gpu/disposeSymbol.ts';

export { type TraceOptions, type TraceResults, type Tracing, trace } from './autograd/trace.ts';
export { type ResultStates, TracedProgram } from './autograd/tracedProgram.ts';
export {
  type AdapterInfo,
  type Gpu,
  NoAdapterError,
  type OpenDeviceOptions,
  openDevice,
} from './gpu/device.ts';
export { LimitError } from './gpu/limitError.ts';
export { DeviceLostError } from './gpu/orLost.ts';
export { type NewState, type State, state } from './gpu/state.ts';
export type { GivenValues } from './gpu/typedValues.ts';
export * as engine from './library/engine.ts';
export * as ops from './library/ops.ts';
export * as optim from './library/optim.ts';
export type { Tensor } from './ops/graph.ts';
