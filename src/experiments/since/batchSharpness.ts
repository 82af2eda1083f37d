import type { Interval } from '../../measure/statistics/interval.ts';
import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { PLANTED_SHARPNESS, plantSharpness } from './plantSharpness.ts';
import {
  type SharpnessCell,
  type SharpnessEvidence,
  type SharpnessProtocol,
  type SharpnessRun,
  sharpnessStudy,
} from './sharpnessStudy.ts';

type Found = readonly CellEvidence<SharpnessCell, SharpnessEvidence>[];

/** Of batch sharpness/(2/ε). */
const AT_THE_EDGE: Interval = [0.8, 1.25];

/** λ_max of one B over that of the next smaller one: a twentieth is what can be seen. */
const LEAST_RISE = 1.05;

/** A run's mean over its last `looks`; null where it has fewer: it diverged. */
function atRest(
  found: Found[number],
  protocol: SharpnessProtocol,
  { batchSize, lr, looks = protocol.looks }: { batchSize: number; lr: number; looks?: number },
  of: (look: SharpnessRun['looks'][number]) => number,
): number | null {
  const run = found.evidence.runs.find((each) => each.batchSize === batchSize && each.lr === lr)!;
  if (run.looks.length < protocol.looks) return null;
  const taken = run.looks.slice(-looks);
  return taken.reduce((sum, look) => sum + of(look), 0) / taken.length;
}

function sharpnessEffects(found: Found, protocol: SharpnessProtocol, lr: number, looks?: number): Measured[] {
  return protocol.batchSizes.map((batchSize) => ({
    name: `batch sharpness over 2/ε, B = ${batchSize}`,
    values: found.map((unit) =>
      atRest(unit, protocol, { batchSize, lr, looks }, (look) => (look.batchSharpness * lr) / 2),
    ),
    margin: AT_THE_EDGE,
    scale: 'log',
  }));
}

function risesOf(found: Found, protocol: SharpnessProtocol, lr: number, looks?: number): Measured[] {
  const { batchSizes } = protocol;
  return batchSizes.slice(1).map((larger, i) => ({
    name: `λ_max, B = ${larger} over B = ${batchSizes[i]}`,
    values: found.map((unit) => {
      const [above, below] = [larger, batchSizes[i]!].map((batchSize) =>
        atRest(unit, protocol, { batchSize, lr, looks }, ({ lambdaMax }) => lambdaMax),
      );
      return above !== null && below !== null ? above! / below! : null;
    }),
    margin: [LEAST_RISE, null],
    scale: 'log',
  }));
}

export const batchSharpness = claim<SharpnessProtocol, SharpnessCell, SharpnessEvidence>({
  id: 'batch-sharpness',
  version: 1,
  paper: 'since',
  statement:
    'SGD holds the curvature that its own batches see along their gradient at 2/ε; the largest eigenvalue of the full loss stays below, the more the smaller the batch',
  source: 'Andreyev & Beneventano 2024',
  population:
    'networks of two hidden layers of 32 tanh under the mean squared error, on 1,000 images of Fashion-MNIST at 14 × 14, by SGD without momentum at ε = 0.5',
  unit: 'a trunk with a subset, initial weights and order of its own; its runs share the first two and differ in B and ε',
  prediction: `E[gᵀHg/|g|²]/(2/ε) within [${AT_THE_EDGE.join(', ')}] at B = 8, 32 and 128, in the mean over the last three tenths of the steps; λ_max at least ${LEAST_RISE} times as large at each B as at the next smaller one. A fifth either way is how far the plateaus of the paper lie from 2/ε`,
  refutedBy: 'a batch sharpness outside of it at one of the B, or a λ_max that does not grow with B',
  power: {
    pilot:
      'seed 0: 0.29, 0.50 and 0.80 of 2/ε at B = 8, 32 and 128, at rest, and λ_max 0.40, 0.70 and 0.92 of it; at ε = 1 after 2,000 steps 0.35, 0.57 and 0.80, and 0.51, 0.76 and 0.99. λ_max grows with B, but batch sharpness stays below 2/ε at the smaller B: the pilot contradicts the claim there, and margins stay as they were set',
    scatter: 0.05,
    distance: -1.03,
    units: 4,
  },
  lookedInto:
    'version 1, seeds 1000 to 1003: λ_max grows with B in every unit, 1.69 and 1.32 times from one B to the next, and stays below 2/ε, as the claim has it. Batch sharpness rests at 0.28, 0.49 and 0.78 of 2/ε, all four looks of a run alike while the loss still falls, so that longer runs would hardly bring it there; at ε = 0.03 it is 0.02 and the same for all B. The rate holds the curvature that batches see down, but for small B at less than 2/ε. It would take the ratio of means E[gᵀHg]/E|g|², which weighs batches by their gradients, beside this mean of ratios, and the deeper nets of the paper',
  study: sharpnessStudy,
  effects: (found, protocol) => [
    ...sharpnessEffects(found, protocol, protocol.lr),
    ...risesOf(found, protocol, protocol.lr),
  ],
  controls: (found, protocol) => [
    {
      name: `ε = ${protocol.controlRate}`,
      removes: 'a rate whose 2/ε lies beyond what SGD reaches in as many steps',
      effects: [
        ...sharpnessEffects(found, protocol, protocol.controlRate),
        ...risesOf(found, protocol, protocol.controlRate),
      ],
    },
  ],
  sensitivity: (found, protocol) => [
    {
      name: 'the later half of the looks',
      effects: [
        ...sharpnessEffects(found, protocol, protocol.lr, Math.ceil(protocol.looks / 2)),
        ...risesOf(found, protocol, protocol.lr, Math.ceil(protocol.looks / 2)),
      ],
    },
  ],
  plantedAs: {
    effect: `curvatures that batches see at ${PLANTED_SHARPNESS.rest} of 2/ε, the full loss's below by the noise of a batch`,
    null: 'a curvature of the network that knows nothing of ε or B',
  },
  plant: plantSharpness,
  panels: (found, protocol) => sharpnessPanels(found, protocol),
});

function sharpnessPanels(found: Found, protocol: SharpnessProtocol): Panel[] {
  const { batchSizes, lr } = protocol;
  const panel = (title: string, of: (look: SharpnessRun['looks'][number]) => number): Panel => ({
    title,
    x: { label: 'B', log: true },
    y: { label: title },
    marks: [
      ...(title.startsWith('batch')
        ? [{ mark: 'band' as const, name: 'at the edge', range: AT_THE_EDGE as [number, number] }]
        : []),
      ...found.map((unit) => ({
        mark: 'line' as const,
        name: 'units',
        points: batchSizes.map((batchSize) => ({
          x: batchSize,
          y: atRest(unit, protocol, { batchSize, lr }, of),
        })),
        look: { faint: true, marked: true },
      })),
    ],
  });
  return [
    panel('batch sharpness over 2/ε', (look) => (look.batchSharpness * lr) / 2),
    panel('λ_max over 2/ε', (look) => (look.lambdaMax * lr) / 2),
  ];
}
