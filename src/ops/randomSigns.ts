import kernel from '../../shaders/random/signs.wgsl';
import type { State } from '../gpu/state.ts';
import type { Graph, Tensor } from './graph.ts';
import { apply, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

/** Where random numbers come from. */
export interface RandomStream {
  /** Second word of Threefry's key: what they are for. */
  readonly purpose: number;
  /** First word of the key: [1] u32. */
  readonly seeds: State;
  /** Step, epoch and offset: [3] u32; the step is part of Threefry's counter. */
  readonly counters: State;
  /** Of the vector's shape, ones and zeros: numbers are multiplied by it. Zero between the tensors of a flat vector. */
  readonly mask?: State;
}

const signsOp: Op = {
  name: 'randomSigns',
  vjp: () => [],
  jvp: () => [null],
  lower: ({ outputs: [y], attributes }, to) => {
    const { purpose, seeds, counters, mask }: RandomStream = attributes.stream;
    const elements = y!.shape[0]!;
    to.dispatch(
      {
        source: kernel,
        knobs: { MASKED: mask !== undefined },
        params: { elements, purpose, ahead: attributes.ahead },
        grid: linearGrid(elements, 4),
      },
      { seeds, counters, ...(mask ? { mask } : {}), y: y! },
    );
  },
};

/**
 * ±1 with equal chance, [elements]: element e of a probe from Threefry's key (seed, purpose) and counter (⌊e/64⌋, probe), a
 * bit each. The probe is the counters' step plus `ahead`.
 */
export function randomSigns(graph: Graph, stream: RandomStream, elements: number, ahead = 0): Tensor {
  const replicated = stream.seeds.replicated || stream.counters.replicated;
  return apply(signsOp, [], { graph, stream, ahead }, { shape: [elements], replicated });
}
