/**
 * What is below a traced program: recorded dispatches, the memory that they share, many steps a submit, the kernels that are chosen.
 * @module
 */

export { type CompileOptions, compile } from '../autograd/compile.ts';
export { Arena } from '../gpu/arena.ts';
export { type Dispatch, type DispatchTime, type Placement, Program, type Recorded } from '../gpu/program.ts';
export { Replay } from '../gpu/replay.ts';
export { State, type StateOptions } from '../gpu/state.ts';
export { submitAhead } from '../gpu/submitAhead.ts';
export { type ProgramTime, time } from '../gpu/time.ts';
export type { Timeable } from '../gpu/timedProgram.ts';
export { Graph } from '../ops/graph.ts';
