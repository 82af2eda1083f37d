import type { Candidate } from '../gpu/kernelChoice.ts';
import type { ChannelView } from '../ops/channelView.ts';
import type { KernelTarget } from '../ops/op.ts';
import { convMomentsCandidates, convNormsCandidates } from '../ops/plans/convMomentsPlan.ts';
import {
  type ConvShape,
  convForwardCandidates,
  convInputGradientCandidates,
  convWeightGradientCandidates,
} from '../ops/plans/convPlan.ts';
import { matmulCandidates } from '../ops/plans/matmulPlan.ts';
import { denseMomentsCandidates } from '../ops/plans/momentsPlan.ts';
import { normalizeCandidates, tangentCandidates } from '../ops/plans/normPlan.ts';
import { type SumShape, sumCandidates } from '../ops/plans/sumPlan.ts';

/** Shapes with every variant between them, by family. */
const PROBES: Readonly<Record<string, (target: KernelTarget) => readonly (readonly Candidate[])[]>> = {
  matmul: (target) =>
    (['NN', 'NT', 'TN'] as const).flatMap((form) =>
      [15, 256].map((n) => matmulCandidates({ form, m: n, n, k: n }, target)),
    ),
  denseMoments: (target) =>
    [15, 256].map((n) => denseMomentsCandidates({ batch: n, inputs: n, outputs: n, bias: true }, target)),
  conv2d: (target) => [convForwardCandidates(CONV, { bias: true }, target)],
  conv2dInputGradient: (target) => [convInputGradientCandidates(CONV, {}, target)],
  conv2dWeightGradient: (target) => [convWeightGradientCandidates(CONV, target)],
  convMoments: (target) => [convMomentsCandidates(CONV, 1, target)],
  convNorms: (target) => [convNormsCandidates(CONV, 1, target)],
  sum: (target) =>
    SUMS.flatMap((shape) => [
      sumCandidates(shape, target),
      sumCandidates(shape, target, { terms: 'square' }),
    ]),
  normalize: (target) =>
    VIEWS.map((view) => normalizeCandidates(view, 0, { affine: 'channel', bias: true, keep: true }, target)),
  normalizeTangent: (target) =>
    VIEWS.map((view) => tangentCandidates(view, { weight: 'none', sums: true }, target)),
};

const SUMS: readonly SumShape[] = [
  { outer: 1, reduced: 2 ** 20, inner: 1 },
  { outer: 64, reduced: 1024, inner: 1 },
  { outer: 1, reduced: 1000, inner: 33 },
];
const VIEWS: readonly ChannelView[] = [
  { outer: 64, channels: 16, inner: 196 },
  { outer: 64, channels: 128, inner: 1 },
  { outer: 1, channels: 64, inner: 128 },
];

const CONV: ConvShape = {
  images: 16,
  channels: 8,
  height: 8,
  width: 8,
  outChannels: 8,
  outHeight: 8,
  outWidth: 8,
  window: { kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1, padHeight: 1, padWidth: 1 },
};

/**
 * A hash of each family's variants: names, knobs, grids and WGSL. What was measured of other kernels is not believed.
 * The families are those that can be tuned.
 */
export function kernelVersions(target: KernelTarget): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(PROBES).map(([family, probe]) => {
      // The text of a kernel once, however many of its variants there are.
      const codes = new Set<string>();
      const text = JSON.stringify(probe(target), (name, value) => {
        if (name !== 'source') return value;
        codes.add(value.code);
        return value.name;
      });
      return [family, hash([text, ...codes].join('\n'))];
    }),
  );
}

/** FNV-1a over two interleaved halves: 64 bits, as hexadecimal. Not for secrets. */
function hash(text: string): string {
  const state = [0x811c9dc5, 0x9e3779b9];
  for (let i = 0; i < text.length; i++) {
    const half = i % 2;
    state[half] = Math.imul(state[half]! ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return state.map((word) => word.toString(16).padStart(8, '0')).join('');
}
