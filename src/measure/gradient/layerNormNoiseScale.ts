import { z } from 'zod';
import { layerNormParameters } from '../../nn/layerNormParameters.ts';
import type { InstrumentKind } from '../instrument.ts';
import { followNoise } from './noiseScaleInstrument.ts';
import { noiseStatistics } from './noiseStatistics.ts';

const options = z.strictObject({ small_batch: z.int().min(1).default(1) });

/**
 * The simple noise scale of LayerNorm's weights and biases alone (Gray et al. 2024, section 4), from the single gradients of a
 * training step: two rows of as many numbers as a layer is wide, which by that paper have up to a factor that changes slowly the noise
 * scale of the whole model. What it is told in is that of `noise_scale`.
 */
export const layerNormNoiseScale: InstrumentKind<z.output<typeof options>> = {
  type: 'layer_norm_noise_scale',
  options: (given) => options.parse(given),
  make: ({ small_batch: smallBatch }, schedule) => ({
    type: 'layer_norm_noise_scale',
    schedule,
    unitSize: smallBatch,
    lacks: (model) =>
      layerNormParameters(model).length > 0 ? null : 'a LayerNorm with a weight, and the model has none',
    quantity: noiseStatistics({ tests: false, among: layerNormParameters }),
    follow: followNoise({ smallBatch, tests: false, layers: false }),
  }),
  shown: [
    {
      key: 'bSimple',
      symbol: 'B_{LN}',
      name: 'LayerNorm’s own noise scale',
      equation: 'tr Σ/|G|² over the weights and biases of the LayerNorms',
      meaning: 'up to a slowly changing factor the noise scale of the whole model',
      source: 'Gray et al. 2024, section 4',
      log: true,
      scatters: false,
    },
  ],
};
