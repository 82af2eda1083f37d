import type { Interval } from '../../measure/statistics/interval.ts';
import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import {
  type EdgeCell,
  type EdgeEvidence,
  type EdgeProtocol,
  type EdgeRun,
  edgeStudy,
  LAST,
} from './edgeStudy.ts';
import { median } from './median.ts';
import { PLANTED_EDGE, plantEdge } from './plantEdge.ts';

type Found = readonly CellEvidence<EdgeCell, EdgeEvidence>[];

/** Of λ_max/(2/ε): it hovers a little above 1 (Cohen et al. 2021), and oscillates. */
const AT_THE_EDGE: Interval = [0.9, 1.2];

/** The median of λ_max/(2/ε) in the last part of the steps; null where a look is missing: it diverged. */
function atRest({ lr, looks }: EdgeRun, protocol: EdgeProtocol, last: number): number | null {
  if (looks.length < protocol.looks) return null;
  const late = looks
    .filter(({ step }) => step > (1 - last) * protocol.steps)
    .map(({ lambdaMax }) => (lambdaMax * lr) / 2);
  return median(late);
}

function edgeEffect(found: Found, protocol: EdgeProtocol, lr: number, last: number): Measured {
  return {
    name: `λ_max over 2/ε, ε = ${lr}`,
    values: found.map(({ evidence: { runs } }) => atRest(runs.find((run) => run.lr === lr)!, protocol, last)),
    margin: AT_THE_EDGE,
    scale: 'log',
  };
}

export const edgeOfStability = claim<EdgeProtocol, EdgeCell, EdgeEvidence>({
  id: 'edge-of-stability',
  version: 1,
  paper: 'since',
  statement: 'Gradient descent sharpens until the largest eigenvalue of the Hessian is 2/ε, and stays there',
  source: 'Cohen et al. 2021',
  population:
    'networks of two hidden layers of 32 tanh under the mean squared error, on 1,000 images of Fashion-MNIST at 14 × 14, by gradient descent over all of them',
  unit: 'a trunk with a subset and initial weights of its own; its runs share these and differ in ε',
  prediction: `λ_max/(2/ε) within [${AT_THE_EDGE.join(', ')}] in the median of the last ${100 * LAST} % of the steps, at each ε. Below 0.9 the edge is not reached, above 1.2 gradient descent would not hold`,
  refutedBy: 'a median of λ_max/(2/ε) outside of it at one of the ε',
  power: {
    pilot:
      'seed 0, ε = 0.5, 1 and 2: 1.03, 1.12 and 1.16; at 0.05 it is 0.07. ε that are below the edge at the start have been taken since',
    scatter: 0.03,
    distance: 0.07,
    units: 4,
  },
  study: edgeStudy,
  effects: (found, protocol) => protocol.rates.map((lr) => edgeEffect(found, protocol, lr, LAST)),
  controls: (found, protocol) => [
    {
      name: `ε = ${protocol.controlRate}`,
      removes: 'a rate whose 2/ε lies beyond what sharpening reaches in as many steps',
      effects: [edgeEffect(found, protocol, protocol.controlRate, LAST)],
    },
  ],
  sensitivity: (found, protocol) => [
    {
      name: 'the last 15 % of the steps',
      effects: protocol.rates.map((lr) => edgeEffect(found, protocol, lr, LAST / 2)),
    },
  ],
  plantedAs: {
    effect: `a quadratic whose curvature grows by itself and is bent back above 2/ε, to ${PLANTED_EDGE.rest} of it`,
    null: 'a quadratic whose curvature grows to a bound of its own, the same at every ε',
  },
  plant: plantEdge,
  panels: (found) => [edgePanel(found)],
});

/** Every run of every unit. */
function edgePanel(found: Found): Panel {
  return {
    title: 'λ_max over 2/ε, by unit',
    x: { label: 'step' },
    y: { label: 'λ_max/(2/ε)' },
    marks: [
      { mark: 'band', name: 'at the edge', range: AT_THE_EDGE as [number, number] },
      ...found.flatMap(({ evidence: { runs } }) =>
        runs.map(({ lr, looks }, colour) => ({
          mark: 'line' as const,
          name: `ε = ${lr}`,
          points: looks.map(({ step, lambdaMax }) => ({ x: step, y: (lambdaMax * lr) / 2 })),
          look: { colour, faint: true },
        })),
      ),
    ],
  };
}
