export { abs } from './abs.ts';
export { add } from './add.ts';
export { type AttentionOptions, attention, selfAttention } from './attention.ts';
export { avgPool2d, avgPool2dGradient } from './avgPool2d.ts';
export type { Axes } from './axes.ts';
export { batchedMatmul } from './batchedMatmul.ts';
export { binaryCrossEntropy } from './binaryCrossEntropy.ts';
export { broadcast, broadcastRows, broadcastWithin } from './broadcast.ts';
export { channelDot, channelSum } from './channelDot.ts';
export { axisOneView, type ChannelView, placesView, rowsView } from './channelView.ts';
export { axpy, combine, scaleBy, scaleToUnit } from './combine.ts';
export { concatenate } from './concatenate.ts';
export { conv2d } from './conv2d.ts';
export { conv2dInputGradient } from './conv2dInputGradient.ts';
export { conv2dWeightGradient } from './conv2dWeightGradient.ts';
export { correct } from './correct.ts';
export { divide } from './divide.ts';
export { dot, normSq } from './dot.ts';
export { dots } from './dots.ts';
export { dropout } from './dropout.ts';
export { embedding, embeddingGradient } from './embedding.ts';
export { exp } from './exp.ts';
export { fill } from './fill.ts';
export { type FlatEntry, type FlatLayout, flatLayout, pack, part, unpack } from './flat.ts';
export { gelu } from './gelu.ts';
export { geluTanh } from './geluTanh.ts';
export { type Attributes, type DType, Graph, type Node, type Tensor, type TensorType } from './graph.ts';
export { inverseSqrt } from './inverseSqrt.ts';
export { kernel } from './kernel.ts';
export { read } from './leaf.ts';
export { linear } from './linear.ts';
export { log } from './log.ts';
export { matmul } from './matmul.ts';
export { type HalfMatrix, matmulHalf, toHalf } from './matmulHalf.ts';
export { argmax, max, maxAndIndex } from './max.ts';
export { maxPool2d } from './maxPool2d.ts';
export { multiply } from './multiply.ts';
export { type Normalized, normalize } from './normalize.ts';
export { normalizeTangent } from './normalizeTangent.ts';
export { offset } from './offset.ts';
export {
  apply,
  applyAll,
  defineOp,
  type KernelTarget,
  type Lowering,
  type MaybeTensor,
  type Op,
  type Operand,
  type RuleArguments,
  type Scratch,
  UNUSED,
} from './op.ts';
export { convHistogram } from './perExample/convHistogram.ts';
export { convMoments } from './perExample/convMoments.ts';
export { convWeightNorms } from './perExample/convNorms.ts';
export { denseMoments } from './perExample/denseMoments.ts';
export { denseNorms } from './perExample/denseNorms.ts';
export { histogram } from './perExample/histogram.ts';
export type { Bins, BinsOf } from './perExample/histogramBins.ts';
export { mergeMoments } from './perExample/mergeMoments.ts';
export { permute } from './permute.ts';
export { pick, spread } from './pick.ts';
export type { SamplingMode } from './plans/indicesPlan.ts';
export { elementsPerThread, linearGrid } from './plans/linearGrid.ts';
export { poolGather, poolScatter } from './poolGather.ts';
export { type RandomStream, randomSigns } from './randomSigns.ts';
export { reciprocal } from './reciprocal.ts';
export { relu } from './relu.ts';
export { reshape } from './reshape.ts';
export { updateRunningStatistics } from './runningStatistics.ts';
export { scale } from './scale.ts';
export { scaleShift } from './scaleShift.ts';
export { sigmoid } from './sigmoid.ts';
export { sign } from './sign.ts';
export { pad, slice } from './slice.ts';
export { softmax } from './softmax.ts';
export { softmaxCrossEntropy } from './softmaxCrossEntropy.ts';
export { softplus } from './softplus.ts';
export { softTargetCrossEntropy } from './softTargetCrossEntropy.ts';
export { sqrt } from './sqrt.ts';
export { square } from './square.ts';
export { standardize } from './standardize.ts';
export { accumulate } from './state/accumulate.ts';
export { advance } from './state/advance.ts';
export { append } from './state/append.ts';
export { type Augmentation, type AugmentationStream, augment } from './state/augment.ts';
export { type Examples, gather } from './state/gather.ts';
export { type Recorder, record } from './state/record.ts';
export { type Sampling, sampleIndices } from './state/sampling.ts';
export { store } from './state/store.ts';
export { take } from './state/take.ts';
export { subtract } from './subtract.ts';
export { mean, rowSum, sum, sumRows } from './sum.ts';
export { tanh } from './tanh.ts';
export { variance, varianceAndMean } from './variance.ts';
export { where } from './where.ts';
export { type Window2d, type WindowOptions, window2d } from './window2d.ts';
