/** The engine alone: devices, programs, ops, differentiation, optimisation. No data formats, no measurement. */
export { compile } from './autograd/compile.ts';
export { jvp } from './autograd/jvp.ts';
export { perExample } from './autograd/perExample.ts';
export { grad, vjp } from './autograd/vjp.ts';
export { Arena } from './gpu/arena.ts';
export { type AdapterInfo, type Gpu, NoAdapterError, openDevice } from './gpu/device.ts';
export { DeviceLostError } from './gpu/orLost.ts';
export { type DispatchTime, Program } from './gpu/program.ts';
export { Replay } from './gpu/replay.ts';
export { State } from './gpu/state.ts';
export * from './ops/index.ts';
export { average, captures } from './optim/average.ts';
export { learningRates } from './optim/schedule.ts';
export { packSettings, sgd } from './optim/sgd.ts';
