import { normal } from '../../random/normal.ts';
import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import {
  type ExploreArm,
  type ExploreCell,
  type ExploreEvidence,
  type ExploreProtocol,
  exploreStudy,
} from './exploreStudy.ts';

type Found = readonly CellEvidence<ExploreCell, ExploreEvidence>[];

const FARTHER = 1.1;
const LOWER = 1.02;
const BARRIER = 0.1;

function distances(found: Found, arm: ExploreArm): Measured {
  return {
    name: 'Distance over that at ε/5',
    values: found.map(({ evidence: { distance } }) => distance[arm] / distance.small),
    margin: [FARTHER, null],
    scale: 'log',
  };
}

/** After as many steps, from where ε is cut on. */
function falls(found: Found): Measured {
  return {
    name: 'Loss without the decay over with it',
    values: found.map(({ evidence: { loss } }) => loss.kept / loss.decayed),
    margin: [LOWER, null],
    scale: 'log',
  };
}

/** By how much the loss along a line rises above its higher end, as a share of that. */
export function barrierOf(losses: readonly number[]): number {
  const end = Math.max(losses[0]!, losses.at(-1)!);
  return Math.max(...losses) / end - 1;
}

function barriers(found: Found, line: 'decay' | 'orders'): Measured {
  return {
    name: 'Barrier along the decay',
    values: found.map(({ evidence: { lines } }) => barrierOf(lines[line])),
    margin: [null, BARRIER],
  };
}

/** Whether a large rate explores and its decay settles, as annealing does: by distance, loss and barrier. */
export const exploresFarther = claim<ExploreProtocol, ExploreCell, ExploreEvidence>({
  id: 'explores-farther',
  version: 1,
  paper: 'smith',
  study: exploreStudy,
  statement:
    'A larger learning rate travels farther in the same time ε·steps, and its decay, like annealing, settles into the basin where it is',
  source: 'Smith et al. 2018, section 2: decay of ε as simulated annealing of the noise g = ε(N/B − 1)',
  population:
    'perceptrons 49-16-10 on 4,096 images of MNIST of 7 × 7 pixels, a fifth of whose labels are replaced, which is too much to be learnt by heart; B = 8, ε = 0.2 and 0.04, then 0.008',
  unit: 'a perceptron with its own initial weights, subset, label noise and orders',
  prediction: `With noise εN/B five times as large |θ − θ₀| is at least ${FARTHER} times that of ε/5 after as much time; cut by 25 the training loss falls below that of as many steps at ε by a factor of at least ${LOWER}, several times what another order changes, and the line from before the cut to after it has no barrier above ${BARRIER} of its higher end. Below these it would matter to nobody: distances of large and small batches differ by 1.1 to 1.2 (papers’ small nets).`,
  refutedBy:
    'A distance that the rate leaves as it is, a decay after which the loss is no lower, or one that goes over a barrier.',
  power: {
    pilot:
      'seeds 0 and 1: 1.04 and 1.06 times as far, with batches five times as large 1.00 times; the loss after the decay is that of as many steps without it; no barrier, also none above 0.06 to another order’s end. The pilot contradicts, as did one of 1,024 images learnt by heart (1.00 times as far after 1,000 steps, 1.05 after 8,000), and margins stay as they were set but for that of the loss, which was over the loss before',
    scatter: 0.02,
    distance: -0.047,
    units: 6,
  },
  lookedInto:
    'version 1, seeds 1000 to 1005: the larger rate goes 1.06 times as far [1.04, 1.09] in the same time, and 1.00 times with batches five times as large, so that it is the noise that carries it, by 6 % and not by 10. The loss after the decay is 1.01 times [0.99, 1.03] lower than without. No line has a barrier, that to the end of another order neither (0.01), which is why this control reproduces: for so small a net all of these ends lie in one basin, and none along the decay tells nothing of annealing. It would take runs that end in basins apart, as deep convolutional nets do',
  effects: (found) => [distances(found, 'large'), falls(found), barriers(found, 'decay')],
  controls: (found) => [
    {
      name: 'batches five times as large',
      removes: 'the large rate has no more noise than the small one',
      effects: [distances(found, 'quiet')],
    },
    {
      name: 'the end of another order',
      removes: 'it did not settle from there',
      effects: [barriers(found, 'orders')],
    },
  ],
  plantedAs: {
    effect:
      'a walk whose square grows by ε/B on top of a drift, a quadratic whose floor is in proportion to ε',
    null: 'the same walk with so little noise that the larger rate goes 1.1 times as far',
  },
  plant: (truth, protocol, seed) =>
    exploreStudy.cells({ ...protocol, seed: 0 }).map((cell, u) => ({
      cell,
      evidence: planted(cell, truth === 'effect' ? 1.3 : FARTHER, 1000 * seed + u),
    })),
  panels: (found) => [linePanel(found)],
});

/** |θ − θ₀|² = drift² + c·ε/B; c by which the ratio of distances at ε and ε/cut is what is asked for. */
function planted({ cut, points }: ExploreCell, ratio: number, seed: number): ExploreEvidence {
  const scatter = (stream: number, relative: number): number =>
    Math.exp(relative * normal(seed, stream, 0, 0));
  const noise = (ratio ** 2 - 1) / (1 - ratio ** 2 / cut);
  const distance = (rate: number): number => Math.sqrt(1 + noise * rate);
  // A basin of 0.2 with a floor in proportion to ε above it; a line from floor to floor falls, one to another basin rises.
  const before = 0.4 * scatter(301, 0.1);
  const decayed = (before / 1.6) * scatter(302, 0.05);
  const line = (from: number, to: number, height: number): number[] =>
    Array.from({ length: points }, (_, k) => {
      const t = k / (points - 1);
      return from + t * (to - from) + 4 * t * (1 - t) * height;
    });
  return {
    distance: {
      large: distance(1) * scatter(303, 0.04),
      small: distance(1 / cut) * scatter(304, 0.04),
      quiet: distance(1 / cut) * scatter(305, 0.04),
    },
    loss: { before, decayed, kept: before * scatter(306, 0.1) },
    lines: { decay: line(before, decayed, 0.01 * scatter(307, 0.3)), orders: line(decayed, decayed, 0.5) },
  };
}

function linePanel(found: Found): Panel {
  const mean = (line: 'decay' | 'orders', k: number): number => {
    const logs = found.map(({ evidence: { lines } }) => Math.log(lines[line][k]!));
    return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  };
  const points = found[0]?.evidence.lines.decay.length ?? 0;
  const of = (name: string, line: 'decay' | 'orders') => ({
    mark: 'line' as const,
    name,
    points: Array.from({ length: points }, (_, k) => ({ x: k / (points - 1), y: mean(line, k) })),
  });
  return {
    title: 'Training loss along lines, mean of the units',
    x: { label: 'place, from one end to the other' },
    y: { label: 'loss', log: true },
    marks: [of('before to after the decay', 'decay'), of('after it to another order’s end', 'orders')],
  };
}
