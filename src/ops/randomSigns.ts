import kernel from '../../shaders/random/signs.wgsl';
import type { State } from '../gpu/state.ts';
import type { Graph, Tensor } from './graph.ts';
import { apply, expectCounters, expectState, type Op } from './op.ts';
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

export function statesOf({ seeds, counters, mask }: RandomStream): readonly State[] {
  return mask ? [seeds, counters, mask] : [seeds, counters];
}

/** Refuses a stream whose states are not of its numbers, which have a shape. */
export function requireStream(
  op: string,
  { seeds, counters, mask }: RandomStream,
  shape: readonly number[],
): void {
  expectCounters(op, counters);
  expectState(op, 'the seeds', seeds, { dtype: 'u32', shape: [1] });
  if (mask) expectState(op, 'the mask', mask, { dtype: 'f32', shape });
}

const signsOp: Op = {
  name: 'randomSigns',
  reads: ({ stream }) => statesOf(stream),
  vjp: () => [],
  jvp: () => [null],
  lower: ({ outputs: [y], attributes }, to) => {
    const { purpose, seeds, counters, mask }: RandomStream = attributes.stream;
    const elements = y!.shape[0]!;
    to.dispatch(
      {
        source: kernel,
        knobs: { MASKED: mask !== undefined },
        params: { elements, purpose },
        grid: linearGrid(elements, 4),
      },
      { seeds, counters, ...(mask ? { mask } : {}), y: y! },
    );
  },
};

/**
 * ±1 with equal chance, [elements]: element e of a probe from Threefry's key (seed, purpose) and counter (⌊e/64⌋, probe), a
 * bit each. The probe is the counters' step.
 * @throws if the stream's mask is not of that shape
 */
export function randomSigns(graph: Graph, stream: RandomStream, elements: number): Tensor {
  requireStream('randomSigns', stream, [elements]);
  return apply(signsOp, [], { graph, stream }, { shape: [elements] });
}
