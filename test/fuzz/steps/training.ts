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
import { average } from '../../../src/optim/average.ts';
import { sgd } from '../../../src/optim/sgd.ts';
import { someCounters } from './cursor.ts';
import { labelsOf } from './losses.ts';
import type { Step } from './step.ts';
import { storeSomewhere } from './structure.ts';

export const training: Readonly<Record<string, Step>> = {
  /** A step of SGD on two layers, as a run takes it: parts of one flat vector, and its gradient packed alike. */
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
    const velocity = to.state({ shape: [layout.length], replicated, kind: 'signed' });
    const rates = to.state({ shape: [40], replicated: replicated && draw.chance(50), kind: 'positive' });
    const hyper = to.state({
      shape: [4],
      replicated: replicated && draw.chance(50),
      kind: draw.of(['mask', 'positive']),
    });
    to.call(sgd, { theta, velocity, rates, hyper, counters }, gradient);
    to.wrote(theta, velocity);
    if (draw.chance(50)) {
      const ring = to.state({ shape: [3, 1], replicated, kind: 'zeros' });
      to.call(record, { counters, ring, examples: 5 }, losses, []);
      to.wrote(counters, ring);
    }
    if (draw.chance(50)) {
      const averaged = to.state({ shape: [layout.length], replicated, kind: 'signed' });
      const averaging = draw.chance(50)
        ? ({ kind: 'ema', start: 0, every: 1, decay: 0.75 } as const)
        : ({ kind: 'swa', start: 0, every: draw.of([1, 2]) } as const);
      to.call(average, to.graph, { averaging, theta, average: averaged, counters });
      to.wrote(averaged);
    }
  },
};
