import { aligned } from '../gpu/state.ts';
import { showShape } from '../host/showShape.ts';
import { fill } from './fill.ts';
import { type Graph, sameShape, size, type Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';

/** Where the tensors of a model lie in one flat vector: in order, each at a multiple of 256 bytes, zeros between. */
export interface FlatLayout {
  readonly entries: readonly FlatEntry[];
  /** Elements of the flat vector, padding included. */
  readonly length: number;
}

/** One tensor of a flat vector: where it begins and how many elements it has, in float32 numbers. */
export interface FlatEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly elements: number;
}

/** Lays tensors out in one flat vector, each at a multiple of 256 bytes, in their order. */
export function flatLayout(
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
): FlatLayout {
  let length = 0;
  const entries = tensors.map(({ name, shape }) => {
    const entry = { name, shape, offset: length, elements: size(shape) };
    length += aligned(entry.elements);
    return entry;
  });
  return { entries, length };
}

/** P: the elements of a layout's tensors, without what lies between them. */
export function dimension({ entries }: FlatLayout): number {
  return entries.reduce((total, { elements }) => total + elements, 0);
}

/** Elements from `start` up to `end` that lie between a layout's tensors: padding, which is zero. */
export interface Gap {
  readonly start: number;
  readonly end: number;
}

export function gapsOf({ entries, length }: FlatLayout): readonly Gap[] {
  return entries
    .map(({ offset, elements }, i) => ({ start: offset + elements, end: entries[i + 1]?.offset ?? length }))
    .filter(({ start, end }) => start < end);
}

const partOp = defineOp({
  name: 'part',
  view: ({ attributes }) => ({ offset: attributes.layout.entries[attributes.entry].offset }),
  vjp: ({ inputs: [flat], attributes }, [d]) => {
    if (!d) return [null];
    const { entries }: FlatLayout = attributes.layout;
    const parts = entries.map((e, i) => (i === attributes.entry ? d : fill(flat!.node.graph, 0, e.shape)));
    return [pack(attributes.layout, parts)];
  },
  jvp: ({ attributes }, [dFlat]) => [dFlat ? part(dFlat, attributes.layout, attributes.entry) : null],
});

/** One tensor of a flat vector: a view of it. */
export function part(flat: Tensor, layout: FlatLayout, entry: number): Tensor {
  if (!sameShape(flat.shape, [layout.length])) {
    throw new Error(
      `part: a flat vector of ${showShape(flat.shape)}, the layout has ${layout.length} elements`,
    );
  }
  const found = layout.entries[entry];
  if (!found) throw new Error(`part: entry ${entry} of a layout of ${layout.entries.length}`);
  return apply(partOp, [flat], { layout, entry }, { shape: found.shape });
}

/** All tensors of a flat vector, as views, in the layout's order. */
export function unpack(flat: Tensor, layout: FlatLayout): Tensor[] {
  return layout.entries.map((_, i) => part(flat, layout, i));
}

/** Marker for the compiler: it places the operands in the flat buffer, so that their kernels write there. */
export const packOp = defineOp({
  name: 'pack',
  vjp: ({ attributes }, [d]) =>
    (attributes.layout as FlatLayout).entries.map((_, i) => d && part(d, attributes.layout, i)),
  jvp: ({ inputs, attributes }, tangents) => {
    if (tangents.every((t) => t === null)) return [null];
    return [
      pack(
        attributes.layout,
        tangents.map((t, i) => t ?? fill(inputs[i]!.node.graph, 0, inputs[i]!.shape)),
      ),
    ];
  },
});

/**
 * Tensors as one flat vector; padding is zero. The kernels that make them write in place.
 * @throws if a tensor has not the shape that the layout gives it.
 */
export function pack(layout: FlatLayout, tensors: readonly Tensor[], graph?: Graph): Tensor {
  if (tensors.length !== layout.entries.length) {
    throw new Error(`pack: ${tensors.length} tensors, the layout has ${layout.entries.length}`);
  }
  layout.entries.forEach(({ name, shape }, i) => {
    const tensor = tensors[i];
    if (!tensor || !sameShape(tensor.shape, shape)) {
      throw new Error(
        `pack: ${name} is ${tensor ? showShape(tensor.shape) : 'missing'}, expected ${showShape(shape)}`,
      );
    }
  });
  return apply(packOp, tensors, { layout, graph }, { shape: [layout.length] });
}
