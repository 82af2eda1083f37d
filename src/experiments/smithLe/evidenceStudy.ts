import { z } from 'zod';
import type { Dataset } from '../../data/dataset.ts';
import { drawnExamples } from '../../data/drawnExamples.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { permutedIndex } from '../../random/permutation.ts';
import type { Study } from '../claim.ts';
import { refused, requireAtLeast } from '../protocol.ts';
import { type Binary, fitLogistic, logisticScore } from './logisticEvidence.ts';

/**
 * Logistic regression that tells two kinds of images apart, at many strengths of its prior, of the true labels and of the same labels dealt out
 * anew: all in float64 on the host. Inputs that are 0 in all training images change neither cost nor determinant ratio and
 * are left out.
 */
export type EvidenceProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly tested: number;
  readonly lambdas: readonly number[];
  readonly units: number;
  readonly seed: number;
};

export type EvidenceCell = { readonly unit: number } & Pick<
  EvidenceProtocol,
  'data' | 'examples' | 'tested' | 'lambdas'
>;

/** At one λ: cost at the minimum and ½ Σ ln(λᵢ/λ) in nats, cross-entropy and accuracy. */
const fit = z.strictObject({
  cost: z.number(),
  halfLogDeterminant: z.number(),
  trainAccuracy: z.number(),
  testLoss: z.number(),
  testAccuracy: z.number(),
});
export type EvidenceFit = z.output<typeof fit>;
const evidence = z.strictObject({ truth: z.array(fit), random: z.array(fit) });
export type EvidenceEvidence = z.output<typeof evidence>;

const standard: EvidenceProtocol = {
  data: 'fashion-mnist',
  examples: 800,
  tested: 2000,
  lambdas: [1e-5, 1e-4, 0.001, 0.01, 0.1, 1, 10, 100, 1000],
  units: 6,
  seed: 1000,
};
const STUDY = { id: 'logistic-evidence' };
const CHART = 'ln P(null)/P(model) over λ';

export const evidenceStudy: Study<EvidenceProtocol, EvidenceCell, EvidenceEvidence> = {
  ...STUDY,
  version: 1,
  presets: {
    quick: {
      ...standard,
      data: 'fashion-mnist?average_pool=2',
      examples: 200,
      tested: 500,
      lambdas: [0.001, 0.1, 10, 1000],
      units: 2,
      seed: 0,
    },
    standard,
  },
  parts: {
    data: 'data set, by name or file; its first two classes are told apart',
    examples: 'N, half of either class',
    tested: 'test images of both classes, the first',
    lambdas: 'λ, precision of the prior',
    units: 'draws of the training images and of random labels',
    seed: 'of the first unit',
  },
  series: { [CHART]: { x: { label: 'λ', log: true }, y: { label: 'E, nats' } } },
  evidence,
  cells(protocol) {
    const { data, examples, tested, lambdas, seed, units } = protocol;
    requireAtLeast(STUDY, 3, { lambdas });
    if (examples % 2 !== 0) throw refused(STUDY, 'examples', `is ${examples}, expected an even number`);
    return Array.from({ length: units }, (_, u) => ({ unit: seed + u, data, examples, tested, lambdas }));
  },
  cost: ({ examples, lambdas, data }) => {
    const width = data.includes('average_pool') ? 196 : 784;
    return { seconds: 1 + 2 * lambdas.length * 9 * examples * width ** 2 * 2.6e-10, bytes: 0 };
  },
  async *run(_, cell, host) {
    yield { type: 'phase', phase: 'reading data' };
    const { test, ...all } = await loadDataset(cell.data, host);
    if (!test) throw refused(STUDY, 'data', `${cell.data} has no test part, expected one`);
    const seed = deriveSeed(cell.unit, 'data');
    const drawn = balanced(all, cell.examples, seed);
    const inked = inkedInputs(drawn);
    const truth = binary(drawn, inked);
    const tests = binary(firstOfBoth(test, cell.tested), inked);
    const random = { ...truth, signs: dealtAnew(truth.signs, deriveSeed(cell.unit, 'order')) };
    const found: EvidenceEvidence = { truth: [], random: [] };
    const total = 2 * cell.lambdas.length;
    let done = 0;
    for (const labels of ['truth', 'random'] as const) {
      const data = labels === 'truth' ? truth : random;
      let start: Float64Array = new Float64Array(data.width);
      // From the strongest prior down: each minimum is near the one before.
      for (const lambda of cell.lambdas.toReversed()) {
        const fitting = fitLogistic(data, lambda, start);
        let next = fitting.next();
        for (; !next.done; next = fitting.next()) yield { type: 'progress', done, total, unit: 'points' };
        const { weights, cost, halfLogDeterminant } = next.value;
        start = weights;
        const { loss: testLoss, accuracy: testAccuracy } = logisticScore(tests, weights);
        const trainAccuracy = logisticScore(data, weights).accuracy;
        found[labels].unshift({ cost, halfLogDeterminant, trainAccuracy, testLoss, testAccuracy });
        const y = cost + halfLogDeterminant - cell.examples * Math.LN2;
        yield { type: 'series', chart: CHART, curve: `${labels}, unit ${cell.unit}`, x: lambda, y };
        done++;
      }
    }
    return found;
  },
};

/** Half of the examples of class 0 and half of class 1, drawn without replacement. */
function balanced(all: Dataset, examples: number, seed: number): Dataset {
  const halves = [0, 1].map((label) => {
    const own = ofClasses(all, [label]);
    if (own.examples < examples / 2) {
      const found = `there are ${own.examples} examples of class ${label}`;
      throw refused(STUDY, 'examples', `is ${examples}, and ${found}: expected at most twice as many`);
    }
    return drawnExamples(own, examples / 2, seed);
  });
  const size = halves[0]!.x.length / halves[0]!.examples;
  const x = new Float32Array(examples * size);
  const labels = new Uint32Array(examples);
  halves.forEach((half, h) => {
    const scale = half.x instanceof Uint8Array ? 1 / 255 : 1;
    for (let i = 0; i < half.x.length; i++) x[h * half.x.length + i] = half.x[i]! * scale;
    labels.fill(h, (h * examples) / 2, ((h + 1) * examples) / 2);
  });
  return {
    name: all.name,
    x,
    exampleShape: all.exampleShape,
    targets: { kind: 'classes', labels, classes: 2 },
    examples,
  };
}

function firstOfBoth(all: Dataset, count: number): Dataset {
  const both = ofClasses(all, [0, 1]);
  if (count > both.examples) {
    throw refused(STUDY, 'tested', `is ${count}, and there are ${both.examples} of both classes`);
  }
  return ofClasses(all, [0, 1], count);
}

function ofClasses(all: Dataset, classes: readonly number[], most = Number.POSITIVE_INFINITY): Dataset {
  const { targets, x, examples } = all;
  if (targets.kind !== 'classes') throw refused(STUDY, 'data', 'its targets are values, expected labels');
  const size = x.length / examples;
  const places = [...targets.labels.keys()]
    .filter((i) => classes.includes(targets.labels[i]!))
    .slice(0, most);
  const scale = x instanceof Uint8Array ? 1 / 255 : 1;
  const kept = new Float32Array(places.length * size);
  places.forEach((place, i) => {
    for (let j = 0; j < size; j++) kept[i * size + j] = x[place * size + j]! * scale;
  });
  const labels = Uint32Array.from(places, (place) => targets.labels[place]!);
  return { ...all, x: kept, targets: { kind: 'classes', labels, classes: 2 }, examples: places.length };
}

/** Places of inputs that are not 0 in all examples. */
function inkedInputs({ x, examples }: Dataset): number[] {
  const size = x.length / examples;
  return Array.from({ length: size }, (_, j) => j).filter((j) => {
    for (let i = 0; i < examples; i++) if (x[i * size + j] !== 0) return true;
    return false;
  });
}

function binary({ x, targets, examples }: Dataset, inked: readonly number[]): Binary {
  const size = x.length / examples;
  const width = inked.length + 1;
  const rows = new Float64Array(examples * width);
  for (let i = 0; i < examples; i++) {
    inked.forEach((place, j) => {
      rows[i * width + j] = x[i * size + place]!;
    });
    rows[(i + 1) * width - 1] = 1;
  }
  const labels = targets.kind === 'classes' ? targets.labels : new Uint32Array(examples);
  return { x: rows, signs: Float64Array.from(labels, (label) => (label === 0 ? -1 : 1)), width };
}

/** The same labels in another order: as many of either class. */
function dealtAnew(signs: Float64Array, seed: number): Float64Array {
  return signs.map((_, i) => signs[permutedIndex(seed, 0, signs.length, i)]!);
}
