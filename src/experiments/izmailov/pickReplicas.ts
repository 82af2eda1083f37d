import type { HostTensor } from '../../host/hostTensor.ts';
import type { RunState } from '../../train/snapshot.ts';

/**
 * The state of a run of other replicas that go on from those of one, each from the one named: a branch. Of a run that keeps no
 * readings, since those are of the replicas that it had.
 * @param state of states that every replica has its own of
 * @throws RangeError for a state with readings, and for a replica that there is none of
 */
export function pickReplicas(state: RunState, from: readonly number[]): RunState {
  if (state.rows.length > 0) throw new RangeError('a run that keeps readings is not branched');
  const states = new Map([...state.states].map(([name, tensor]) => [name, pickRows(tensor, from)] as const));
  return { ...state, states };
}

function pickRows({ dtype, shape, data }: HostTensor, from: readonly number[]): HostTensor {
  const [rows = 0, ...rest] = shape;
  const width = rest.reduce((product, extent) => product * extent, 1);
  const of = data as Float32Array | Uint32Array;
  const picked = new (of.constructor as Float32ArrayConstructor)(from.length * width);
  from.forEach((row, i) => {
    if (!(row >= 0 && row < rows)) throw new RangeError(`replica ${row} of ${rows}`);
    picked.set(of.subarray(row * width, (row + 1) * width) as Float32Array, i * width);
  });
  return { dtype, shape: [from.length, ...rest], data: picked } as HostTensor;
}
