import { imageAugmentation } from '../../../src/data/imageAugmentation.ts';
import { hostIndices } from '../../../src/data/sampler.ts';
import { dropoutMask } from '../../../src/nn/dropoutMask.ts';
import { size } from '../../../src/ops/graph.ts';
import { LEAST_SHARE } from '../../../src/ops/restart.ts';
import type { Sampling } from '../../../src/ops/state/sampling.ts';
import { purpose } from '../../../src/random/purpose.ts';
import { randomSigns } from '../../../src/random/randomSigns.ts';
import { threefry2x32 } from '../../../src/random/threefry.ts';
import type { Bounded } from './bounded.ts';
import { exact, isUndecided, multiply, scaled, UNDECIDED } from './bounded.ts';
import type { Rule } from './rule.ts';
import { at, exactValues, make, undecided } from './values.ts';

/** What is drawn by seed, purpose and counter: the same integers as the device's. */
export const random: Readonly<Record<string, Rule>> = {
  augment: ({ inputs: [x], attributes: { augmentation, stream } }, [values], memory) => {
    const [, height, width] = augmentation.image as readonly [number, number, number];
    const [seed] = memory.get(stream.seeds).value;
    const [step] = memory.get(stream.counters).value;
    const batch = x!.shape[0]!;
    const features = size(augmentation.image);
    const drawn = Array.from({ length: batch }, (_, position) =>
      imageAugmentation(augmentation, { seed: seed!, step: step!, position }),
    );
    return [
      make(batch * features, (i) => {
        const { flipped, down, right } = drawn[Math.floor(i / features)]!;
        const row = (Math.floor(i / width) % height) - down;
        const column = (i % width) - right;
        if (row < 0 || row >= height || column < 0 || column >= width) return exact(0);
        const from = flipped ? width - 1 - column : column;
        const channel = Math.floor((i % features) / (height * width));
        return at(values!, Math.floor(i / features) * features + (channel * height + row) * width + from);
      }),
    ];
  },
  dropout: (node, [x], memory) => {
    const { p, mask } = node.attributes;
    const [seed] = memory.get(mask.seeds).value;
    const [step] = memory.get(mask.counters).value;
    const layer = mask.purpose - purpose.dropout;
    const kept = dropoutMask(x!.value.length, { p, seed: seed!, layer, step: step! });
    // A product in either case, so that what is no finite number is not dropped.
    return [make(x!.value.length, (i) => scaled(at(x!, i), kept[i] ? 1 / (1 - p) : 0))];
  },
  randomSigns: ({ outputs: [y], attributes: { stream } }, _, memory) => {
    const elements = size(y!.shape);
    const [seed] = memory.get(stream.seeds).value;
    const [step] = memory.get(stream.counters).value;
    const signs = randomSigns(elements, seed!, stream.purpose, step!);
    if (!stream.mask) return [exactValues(signs)];
    const mask = memory.get(stream.mask);
    return [make(elements, (i) => multiply(exact(signs[i]!), at(mask, i)))];
  },
  restart: ({ outputs: [y], attributes: { stream, always } }, [x, before, after], memory) => {
    const elements = size(y!.shape);
    const [seed] = memory.get(stream.seeds).value;
    const [step] = memory.get(stream.counters).value;
    const mask = memory.get(stream.mask);
    const drawn = (e: number): Bounded => {
      const word = threefry2x32(seed!, stream.purpose, step!, e >> 1)[e & 1]!;
      return multiply(exact((word >>> 8) * 2 ** -23 - 1), at(mask, e));
    };
    if (always) return [make(elements, drawn)];
    const left = at(after!, 0);
    const least = scaled(at(before!, 0), LEAST_SHARE);
    if (isUndecided(left) || isUndecided(least)) return [make(elements, () => UNDECIDED)];
    const close =
      Math.abs(left.value - least.value) <= left.error + least.error && least.error + left.error > 0;
    if (close) return [make(elements, () => UNDECIDED)];
    return [left.value > least.value ? x! : make(elements, drawn)];
  },
  sampleIndices: ({ outputs: [indices], attributes }, _, memory) => {
    const { mode, examples, counters, seeds, order }: Sampling = attributes.sampling;
    const [step, epoch, offset] = memory.get(counters).value;
    const table = order && Uint32Array.from(memory.get(order).value);
    const seed = seeds ? memory.get(seeds).value[0]! : 0;
    const batchSize = indices!.shape[0]!;
    if (table && step! >= table.length / batchSize) return [undecided(batchSize)];
    return [
      exactValues(
        hostIndices({
          mode,
          examples,
          batchSize,
          step: step!,
          epoch: epoch!,
          offset: offset!,
          seed,
          ...(table && { order: table }),
        }),
      ),
    ];
  },
  unitVector: ({ outputs: [y], attributes }, _, memory) => {
    const { places, counters } = attributes.along;
    const list = memory.get(places).value;
    const place = memory.get(counters).value[2]!;
    return [make(size(y!.shape), (i) => exact(place < list.length && list[place] === i ? 1 : 0))];
  },
};
