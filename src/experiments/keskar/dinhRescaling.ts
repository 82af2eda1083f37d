import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { FigurePoint, Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { plantRescaling } from './plantRescaling.ts';
import {
  type InCoordinates,
  RAY,
  type RescalingCell,
  type RescalingEvidence,
  type RescalingProtocol,
  rescalingStudy,
} from './rescalingStudy.ts';

type Found = readonly CellEvidence<RescalingCell, RescalingEvidence>[];

/** So many times, at the least, what is no invariant changes; and by so much, at the most, what is one. */
const LEAST_CHANGE = 10;
const MOST_CHANGE = 0.01;

/** Other coordinates against those in which it was trained. */
function changes(found: Found, of: 'rescaled' | 'reversed'): Measured[] {
  const against = (value: (other: InCoordinates, trained: InCoordinates) => number): (number | null)[] =>
    found.map(({ evidence }) => evidence.found && value(evidence.found[of], evidence.found.trained));
  return [
    {
      name: 'λ_max over that before',
      values: against((other, trained) => other.lambdaMax / trained.lambdaMax),
      margin: [LEAST_CHANGE, null],
      scale: 'log',
    },
    {
      name: 'φ over that before',
      values: against((other, trained) => other.phi / trained.phi),
      margin: [LEAST_CHANGE, null],
      scale: 'log',
    },
    {
      name: 'accuracy minus that before, in points',
      values: against((other, trained) => 100 * (other.accuracy - trained.accuracy)),
      margin: [0, 0],
    },
    {
      name: 'ASAM’s sharpness, η = 0, over that before',
      values: against((other, trained) => other.adaptive / trained.adaptive),
      margin: [1 - MOST_CHANGE, 1 + MOST_CHANGE],
      scale: 'log',
    },
    {
      name: 'largest change on filter-normalised rays',
      values: against((other, trained) =>
        Math.max(...other.ray.map((loss, i) => Math.abs(loss / trained.ray[i]! - 1))),
      ),
      margin: [0, MOST_CHANGE],
    },
  ];
}

export const dinhRescaling = claim<RescalingProtocol, RescalingCell, RescalingEvidence>({
  id: 'dinh-rescaling',
  version: 1,
  paper: 'keskar',
  statement:
    'The same function in other coordinates is as sharp as one likes: λ_max and φ tell nothing by themselves, while ASAM’s sharpness and filter-normalised rays stay as they are',
  source: 'Dinh et al. 2017, theorem 4, against Keskar et al. 2017; Kwon et al. 2021; Li et al. 2018',
  population:
    'perceptrons of two hidden layers of 32 rectifiers without biases there, on 1,000 images of Fashion-MNIST at 14 × 14, a tenth of the labels wrong, by Adam to a training loss of 0.4',
  unit: 'a trunk with a subset, label noise, initial weights and order of its own',
  prediction: `W₁·64 and W₂/64 leave every output as it is, to the last bit: the accuracy changes by 0 points; λ_max and φ(10⁻³) change more than ${LEAST_CHANGE} times; ASAM’s sharpness with η = 0 and the mean loss along filter-normalised rays by less than ${100 * MOST_CHANGE} %. Ten times is more than small and large batches differ by; ${100 * MOST_CHANGE} % is above rounding`,
  refutedBy:
    'a λ_max or φ that stays within ten times, an accuracy that changes, or an invariant that changes by more than 1 %',
  power: {
    pilot:
      'seeds 0 and 1, by a factor of 32: λ_max 168 and 269 times, φ 9.9 and 9.2 times, all else the same to the last bit; by a factor of 64 at 500 examples 1,090 and 1,016, and φ 63 and 72 times',
    scatter: 0.06,
    distance: 0.6,
    units: 4,
  },
  study: rescalingStudy,
  effects: (found) => [
    ...changes(found, 'rescaled'),
    {
      name: 'ASAM’s sharpness, η = 0.01, over that before',
      values: found.map(
        ({ evidence: { found: at } }) => at && at.rescaled.adaptiveEta / at.trained.adaptiveEta,
      ),
      margin: null,
      scale: 'log',
    },
  ],
  controls: (found) => [
    {
      name: 'the hidden units in another order',
      removes: 'as exact a symmetry, which scales nothing',
      effects: changes(found, 'reversed'),
    },
  ],
  plantedAs: {
    effect: 'a network of two weights, w₁w₂ = 1, with one 64 times as large and the other a 64th',
    null: 'the same network, its weights as they were',
  },
  plant: plantRescaling,
  panels: (found) => [raysPanel(found)],
});

/** Mean losses over the units along filter-normalised rays: the curves lie on each other. */
function raysPanel(found: Found): Panel {
  const units = found.flatMap(({ evidence }) => evidence.found ?? []);
  const curve = (of: 'trained' | 'rescaled'): FigurePoint[] =>
    (units[0]?.trained.ray ?? []).map((_, i) => ({
      x: (RAY.radius * i) / (RAY.points - 1),
      y: units.reduce((sum, unit) => sum + unit[of].ray[i]!, 0) / units.length,
    }));
  return {
    title: 'Along filter-normalised rays',
    x: { label: 't, relative to each filter' },
    y: { label: 'training loss', log: true },
    marks: [
      { mark: 'line', name: 'as it was trained', points: curve('trained') },
      { mark: 'dots', name: 'W₁ scaled, W₂ scaled back', points: curve('rescaled') },
    ],
  };
}
