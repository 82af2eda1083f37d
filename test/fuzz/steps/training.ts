import { grad } from '../../../src/autograd/vjp.ts';
import {
  flatLayout,
  linear,
  mean,
  pack,
  read,
  record,
  relu,
  sigmoid,
  softmaxCrossEntropy,
  tanh,
  unpack,
} from '../../../src/ops/index.ts';
import { adam, packAdamSettings } from '../../../src/optim/adam.ts';
import { average } from '../../../src/optim/average.ts';
import { capture, captureMean } from '../../../src/optim/lawa.ts';
import { sgd } from '../../../src/optim/sgd.ts';
import { swag } from '../../../src/optim/swag.ts';
import type { Kind } from '../values.ts';
import { someCounters } from './cursor.ts';
import { labelsOf } from './losses.ts';
import type { Step } from './step.ts';
import { storeSomewhere } from './structure.ts';

/** β₁ and β₂ of Adam. */
const ZERO_FIRST = [0, 0.75] as const;
const USUAL = [0.9, 0.999] as const;

export const training: Readonly<Record<string, Step>> = {
  /** A step of an optimizer on two layers, as a run takes it: parts of one flat vector, and its gradient packed alike. */
  trainingStep: (to, draw) => {
    const x = to.some(draw, [2]);
    const [batch, inputs] = x.shape as [number, number];
    const [hidden, classes] = [draw.of([1, 3, 5]), draw.of([2, 3])];
    const layout = to.call(flatLayout, [
      { name: 'w1', shape: [hidden, inputs] },
      { name: 'b1', shape: [hidden] },
      { name: 'w2', shape: [classes, hidden] },
      { name: 'b2', shape: [classes] },
    ]);
    const labels = labelsOf(to, draw, batch, classes);
    const replicated = x.replicated || labels.replicated || to.someReplicated(draw);
    const theta = to.state({ shape: [layout.length], replicated, kind: 'signed' });
    const flat = to.call(read, to.graph, theta);
    const [w1, b1, w2, b2] = to.call(unpack, flat, layout);
    const hiddenOut = to.call(draw.of([relu, tanh, sigmoid]), to.call(linear, x, w1!, b1!));
    const losses = to.call(softmaxCrossEntropy, to.call(linear, hiddenOut, w2!, b2!), labels);
    const gradients = to.call(grad, to.call(mean, losses), [w1!, b1!, w2!, b2!]);
    const gradient = to.call(pack, layout, gradients);
    if (draw.chance(30)) storeSomewhere(to, draw, gradient);
    const counters = someCounters(to, draw);
    const own = replicated || counters.replicated;
    if (own && !replicated) return;
    const kept = (kind: Kind) => to.state({ shape: [layout.length], replicated, kind });
    const settings = (elements: number, kind: Kind) =>
      to.state({ shape: [elements], replicated: replicated && draw.chance(50), kind });
    const rates = to.state({ shape: [40], replicated: replicated && draw.chance(50), kind: 'positive' });
    if (draw.chance(50)) {
      const velocity = kept('signed');
      const hyper = settings(4, draw.of(['mask', 'positive']));
      to.call(sgd, { theta, velocity, rates, hyper, counters }, gradient);
      to.wrote(theta, velocity);
    } else {
      const [expAvg, expAvgSq] = [kept('signed'), kept('positive')];
      const maxExpAvgSq = draw.chance(50) ? kept('positive') : null;
      const given = { betas: draw.of([ZERO_FIRST, USUAL]), eps: 0.25, weightDecay: draw.of([0, 0.5]) };
      const hyper = settings(8, { floats: [...packAdamSettings(given)] });
      const moments = { expAvg, expAvgSq, maxExpAvgSq };
      to.call(adam, { theta, ...moments, rates, hyper, counters, decoupled: draw.chance(50) }, gradient);
      to.wrote(theta, expAvg, expAvgSq, ...(maxExpAvgSq ? [maxExpAvgSq] : []));
    }
    if (draw.chance(50)) {
      const ring = to.state({ shape: [3, 1], replicated, kind: 'zeros' });
      to.call(record, { counters, ring, examples: 5 }, losses, []);
      to.wrote(counters, ring);
    }
    const captures = { start: 0, every: draw.of([1, 2]) };
    const averaged = kept('signed');
    const kind = draw.of(['ema', 'swa', 'swag', 'lawa', 'none'] as const);
    if (kind === 'ema' || kind === 'swa') {
      const averaging = { kind, ...captures, decay: 0.75 };
      to.call(average, to.graph, { averaging, theta, average: averaged, counters });
      to.wrote(averaged);
    } else if (kind === 'swag') {
      const squares = kept('positive');
      to.call(swag, to.graph, { captures, mean: averaged, squares, counters }, theta);
      to.wrote(averaged, squares);
    } else if (kind === 'lawa') {
      const ring = to.state({ shape: [draw.of([1, 3]), layout.length], replicated, kind: 'signed' });
      to.call(capture, to.graph, { captures, ring, counters }, theta);
      to.wrote(ring);
      to.call(captureMean, to.graph, { captures, ring, counters }, averaged);
      to.wrote(averaged);
    }
  },
};
