import { z } from 'zod';
import type { Gpu } from '../../gpu/device.ts';
import { rays } from '../../measure/landscape/landscape.ts';
import { point } from '../../measure/point.ts';
import { adaptiveSharpness } from '../../measure/sharpness/adaptiveSharpness.ts';
import { keskar } from '../../measure/sharpness/keskar.ts';
import type { StateValues } from '../../nn/stateDict.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import type { Study } from '../claim.ts';
import { PIXELS, perceptronBytes, TESTED } from '../perceptronBytes.ts';
import { rescaled, reversedUnits } from './symmetries.ts';
import { TRAINING_CHART, trainToGoals } from './trainToGoals.ts';
import { type UnitTask, unitTask } from './unitTask.ts';

/**
 * One minimum in other coordinates (Dinh et al. 2017): a network without biases in its hidden layers, trained, then with W₁·factor and
 * W₂/factor; and, as the control, with its hidden units in another order, which is as exact a symmetry and scales nothing.
 */
export type RescalingProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly labelNoise: number;
  readonly hidden: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly goal: number;
  readonly epochs: number;
  readonly factor: number;
  readonly epsilon: number;
  readonly rho: number;
  readonly eta: number;
  readonly units: number;
  readonly seed: number;
};

/** One unit. */
export type RescalingCell = Omit<RescalingProtocol, 'units' | 'seed'> & { readonly unit: number };

/** A network as it is found in some coordinates. */
export interface InCoordinates {
  readonly loss: number;
  readonly accuracy: number;
  readonly lambdaMax: number;
  readonly phi: number;
  /** ASAM's sharpness, η = 0; and with an η. */
  readonly adaptive: number;
  readonly adaptiveEta: number;
  /** The mean loss over ten filter-normalised rays, by t, ascending from 0. */
  readonly ray: readonly number[];
}

export interface RescalingEvidence {
  /** null: it did not come to the goal. */
  readonly found: {
    readonly trained: InCoordinates;
    readonly rescaled: InCoordinates;
    readonly reversed: InCoordinates;
  } | null;
}

const coordinates = z.strictObject({
  loss: z.number(),
  accuracy: z.number(),
  lambdaMax: z.number(),
  phi: z.number(),
  adaptive: z.number(),
  adaptiveEta: z.number(),
  ray: z.array(z.number()),
});
const evidence: z.ZodType<RescalingEvidence> = z.strictObject({
  found: z.strictObject({ trained: coordinates, rescaled: coordinates, reversed: coordinates }).nullable(),
});

/** How far the rays go, relative to each filter; and by how many points. */
export const RAY = { radius: 1, points: 11, rays: 10 } as const;

const standard: RescalingProtocol = {
  data: 'fashion-mnist?average_pool=2',
  examples: 1000,
  labelNoise: 0.1,
  hidden: 32,
  batchSize: 100,
  lr: 0.01,
  goal: 0.4,
  epochs: 200,
  factor: 64,
  epsilon: 1e-3,
  rho: 0.5,
  eta: 0.01,
  units: 4,
  seed: 1000,
};

export const rescalingStudy: Study<RescalingProtocol, RescalingCell, RescalingEvidence> = {
  id: 'rescaling',
  version: 1,
  presets: { quick: { ...standard, examples: 500, batchSize: 50, units: 2, seed: 0 }, standard },
  parts: {
    data: 'images with a test part',
    examples: 'training examples of a unit, drawn for it',
    labelNoise: 'share of its training labels that are replaced by another',
    hidden: 'units of each of two hidden layers, without biases',
    batchSize: 'B',
    lr: 'ε of Adam',
    goal: 'training loss at which it is measured',
    epochs: 'passes over the data at the most',
    factor: 'of W₁, and 1 over that of W₂: a power of two keeps all bits',
    epsilon: 'ε of the box of φ',
    rho: 'ρ of ASAM',
    eta: 'an η of ASAM that is not 0',
    units: 'trunks, each with its own subset, label noise, initial weights and order',
    seed: 'of the first trunk',
  },
  series: { [TRAINING_CHART]: { x: { label: 'step' }, y: { label: 'loss', log: true } } },
  evidence,

  cells: ({ units, seed, ...protocol }) =>
    Array.from({ length: units }, (_, u) => ({ ...protocol, unit: seed + u })),

  cost: ({ examples, hidden }) => ({
    seconds: 0.5 + examples / 120,
    bytes: perceptronBytes({
      widths: [PIXELS, hidden, hidden, 10],
      examples: examples + TESTED,
      replicas: RAY.points,
    }),
  }),

  async *run(gpu, cell, host) {
    yield { type: 'phase', phase: 'reading data' };
    const task = await unitTask({ ...cell, biases: false }, host);
    const { batchSize, goal, epochs, lr, factor } = cell;
    yield { type: 'phase', phase: 'training' };
    const epoch = Math.ceil(cell.examples / batchSize);
    const [[solution]] = (yield* trainToGoals(gpu, {
      task,
      batchSize,
      runs: [{ lr, seed: deriveSeed(cell.unit, 'order'), start: task.start }],
      goals: [goal],
      lookEvery: epoch,
      most: epoch * epochs,
      name: `B = ${batchSize}`,
    })) as [[{ readonly weights: StateValues } | null]];
    if (!solution) return { found: null };
    const { weights } = solution;
    const { model } = task;
    yield { type: 'phase', phase: 'as it was trained' };
    const trained = await measureIn(gpu, task, weights, cell);
    yield { type: 'phase', phase: `W₁·${factor}, W₂/${factor}` };
    const scaled = await measureIn(gpu, task, rescaled(model, weights, factor), cell);
    yield { type: 'phase', phase: 'units in another order' };
    const reversed = await measureIn(gpu, task, reversedUnits(model, weights), cell);
    return { found: { trained, rescaled: scaled, reversed } };
  },
};

async function measureIn(
  gpu: Gpu,
  { model, train }: UnitTask,
  weights: StateValues,
  { epsilon, rho, eta }: RescalingCell,
): Promise<InCoordinates> {
  const at = await point(gpu, { model, weights, data: train, mode: 'eval' });
  try {
    const [top] = (await at.hessian().eigenvalues(1)).pairs;
    const found = await at.measure({
      boxes: keskar({ epsilon }),
      adaptive: adaptiveSharpness({ rho, eta: 0 }),
      adaptiveEta: adaptiveSharpness({ rho, eta }),
    });
    const around = await rays(gpu, {
      model,
      data: train,
      weights,
      ...RAY,
      filterNormalised: true,
    });
    const { points } = around.mean;
    return {
      loss: points[0]!.loss!,
      accuracy: points[0]!.accuracy!,
      lambdaMax: top!.value,
      phi: found.boxes[0]!.phi,
      adaptive: found.adaptive!,
      adaptiveEta: found.adaptiveEta!,
      ray: points.map(({ loss }) => loss!),
    };
  } finally {
    at.dispose();
  }
}
