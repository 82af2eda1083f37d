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
  joinRows: ({ inputs, outputs: [y], attributes: { groups } }, parts) => {
    const stride = size(y!.shape) / groups;
    const widths = inputs.map(({ shape }) => size(shape) / groups);
    return [
      make(size(y!.shape), (i) => {
        let place = i % stride;
        const k = widths.findIndex((width) => {
          if (place < width) return true;
          place -= width;
          return false;
        });
        return at(parts[k]!, Math.floor(i / stride) * widths[k]! + place);
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
