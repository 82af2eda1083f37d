import { around } from '../../../src/ops/axes.ts';
import type { FlatEntry, FlatLayout } from '../../../src/ops/flat.ts';
import { size } from '../../../src/ops/graph.ts';
import { exact } from './bounded.ts';
import type { Rule } from './rule.ts';
import { at, constant, make, moved } from './values.ts';

/** What moves elements and computes nothing. */
export const structure: Readonly<Record<string, Rule>> = {
  fill: ({ outputs: [y], attributes: { value } }) => [constant(Math.fround(value), size(y!.shape))],
  read: ({ attributes: { state } }, _, memory) => [memory.get(state)],
  store: ({ attributes: { state } }, [x], memory) => {
    memory.set(state, x!);
    return [];
  },
  reshape: (_, [x]) => [x!],
  broadcast: ({ outputs: [y], attributes: { axes } }, [x]) => {
    const { outer, reduced, inner } = around(y!.shape, axes);
    return [
      moved(x!, outer * reduced * inner, (i) => Math.floor(i / (reduced * inner)) * inner + (i % inner)),
    ];
  },
  joinRows: ({ inputs, outputs: [y], attributes: { groups, transposed } }, parts) => {
    const width = size(inputs[0]!.shape.slice(1));
    const all = size(y!.shape) / (groups * width);
    const rows = inputs.flatMap(({ shape }, part) =>
      Array.from({ length: shape[0]! / groups }, (_, row) => ({ part, row, each: shape[0]! / groups })),
    );
    return [
      make(size(y!.shape), (i) => {
        const [group, place] = [Math.floor(i / (all * width)), i % (all * width)];
        const [row_, column] = transposed
          ? [place % all, Math.floor(place / all)]
          : [Math.floor(place / width), place % width];
        const { part, row, each } = rows[row_]!;
        return at(parts[part]!, (group * each + row) * width + column);
      }),
    ];
  },
  part: ({ attributes: { layout, entry } }, [flat]) => {
    const { offset, elements } = (layout as FlatLayout).entries[entry] as FlatEntry;
    return [moved(flat!, elements, (i) => offset + i)];
  },
  pack: ({ attributes: { layout } }, parts) => {
    const { entries, length }: FlatLayout = layout;
    return [
      make(length, (i) => {
        const k = entries.findIndex(({ offset, elements }) => i >= offset && i < offset + elements);
        return k < 0 ? exact(0) : at(parts[k]!, i - entries[k]!.offset);
      }),
    ];
  },
};
