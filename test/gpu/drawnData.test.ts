import { describe, expect, test } from 'vitest';
import { withDataOptions } from '../../src/data/dataOptions.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { imageAugmentation } from '../../src/data/imageAugmentation.ts';
import { loadDataset } from '../../src/data/loadDataset.ts';
import { hostIndices } from '../../src/data/sampler.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { measureJob } from '../../src/jobs/measure/measureJob.ts';
import { trainJob } from '../../src/jobs/trainJob.ts';
import { noise } from '../../src/measure/noise.ts';
import { batchNorm1d, linear, relu, sequential } from '../../src/nn/layers.ts';
import { advance } from '../../src/reference/advance.ts';
import { shiftImage } from '../../src/reference/shiftImage.ts';
import { train } from '../../src/train/train.ts';
import type { Training, TrainingReading } from '../../src/train/training.ts';
import type { TrainSettings } from '../../src/train/trainSettings.ts';
import { testGpu } from './device.ts';

const IMAGE = [1, 4, 4] as const;
const [FEATURES, CLASSES, EXAMPLES] = [16, 3, 40];

/** Random images, of bytes or of floats. */
function images(examples: number, bytes: boolean, name: string): Dataset {
  const clusters = syntheticDataset(`gaussian-clusters?examples=${examples}&classes=3&dims=${FEATURES}`);
  const floats = clusters.x as Float32Array;
  const x = bytes ? Uint8Array.from(floats, (v) => Math.max(0, Math.min(255, 128 + 60 * v))) : floats;
  const { test: _, ...rest } = clusters;
  return { ...rest, name, x, exampleShape: [...IMAGE] };
}

const data: Dataset = { ...images(EXAMPLES, true, 'images'), test: images(9, true, 'images (test)') };
/** Of the whole data set, wide enough that the classes of noisy labels count. */
const model = sequential(linear(FEATURES, CLASSES));
const weights = {
  '0.weight': {
    dtype: 'F32' as const,
    shape: [CLASSES, FEATURES],
    data: Float32Array.from({ length: CLASSES * FEATURES }, (_, i) => Math.sin(3 * i + 1)),
  },
  '0.bias': { dtype: 'F32' as const, shape: [CLASSES], data: Float32Array.of(0.1, -0.2, 0.3) },
};
const DRAWN: TrainSettings = {
  model,
  data,
  steps: 12,
  batchSize: 5,
  lr: 0.2,
  subset: 17,
  labelNoise: 0.4,
  augment: { shift: 1, flip: true },
};

/** Cross-entropy in float64 of an image [FEATURES] by the weights above. */
function lossOf(image: ArrayLike<number>, label: number): number {
  const outputs = Array.from({ length: CLASSES }, (_, c) =>
    Array.from({ length: FEATURES }).reduce<number>(
      (sum, _, k) => sum + weights['0.weight'].data[c * FEATURES + k]! * image[k]!,
      weights['0.bias'].data[c]!,
    ),
  );
  return Math.log(outputs.reduce((sum, z) => sum + Math.exp(z), 0)) - outputs[label]!;
}

function example(
  { x, targets }: Dataset,
  n: number,
): { readonly image: Float64Array; readonly label: number } {
  if (targets.kind !== 'classes') throw new Error('expected labels');
  const divisor = x instanceof Uint8Array ? 255 : 1;
  const image = Float64Array.from(x.subarray(n * FEATURES, (n + 1) * FEATURES), (v) => v / divisor);
  return { image, label: targets.labels[n]! };
}

const meanLoss = (dataset: Dataset): number =>
  Array.from({ length: dataset.examples }, (_, n) => example(dataset, n)).reduce(
    (sum, { image, label }) => sum + lossOf(image, label) / dataset.examples,
    0,
  );

async function readAll(run: Training): Promise<TrainingReading[]> {
  const readings: TrainingReading[] = [];
  for await (const reading of run.readings()) readings.push(reading);
  return readings;
}

/** Losses of a dozen float32 terms below 10. */
const CLOSE = 5e-6;

describe('what a run trains on', () => {
  test.for([true, false])(
    'each step’s loss is that of its own subset, labels and shifted images in float64; bytes: %s',
    async (bytes) => {
      const gpu = await testGpu();
      const all = bytes ? data : images(EXAMPLES, false, 'floats');
      const [dataSeed, orderSeed] = [[7, 8], 3];
      // Weights stay, so that every step's loss follows from its batch alone.
      using run = await train(gpu, { ...DRAWN, data: all, weights, lr: 0, orderSeed, grid: { dataSeed } });
      const readings = await readAll(run);
      for (const [replica, seed] of dataSeed.entries()) {
        const own = withDataOptions(all, { subset: 17, labelNoise: 0.4, dataSeed: seed });
        let counters: Parameters<typeof advance>[0] = [0, 0, 0];
        for (let i = 0; i < 12; i++) {
          const [step, epoch, offset] = counters;
          const request = {
            mode: 'shuffle' as const,
            examples: 17,
            batchSize: 5,
            step,
            seed: orderSeed,
            epoch,
            offset,
          };
          const losses = Array.from(hostIndices(request), (n, position) => {
            const { image, label } = example(own, n);
            const drawn = imageAugmentation({ shift: 1, flip: true }, { seed, step, position });
            return lossOf(shiftImage(image, [...IMAGE], drawn), label);
          });
          const { loss } = readings.find(
            (reading) => reading.step === step + 1 && reading.replica === replica,
          )!;
          const expected = losses.reduce((sum, l) => sum + l / 5, 0);
          expect(Math.abs(loss - expected), `step ${step}`).toBeLessThan(CLOSE);
          counters = advance(counters, 5, 17);
        }
        // What is evaluated and measured is the replica's own, as it is.
        const expected = meanLoss(own);
        expect(Math.abs((await run.evaluate())[replica]!.loss - expected)).toBeLessThan(CLOSE);
        using at = await run.point({ dataSeed: seed });
        const { perExampleLoss: losses } = await at.measure(noise({ hessian: false }));
        expect(losses).toHaveLength(17);
        losses.forEach((loss, n) => {
          const { image, label } = example(own, n);
          expect(Math.abs(loss - lossOf(image, label))).toBeLessThan(CLOSE);
        });
      }
      // Data that are given are evaluated as they are given: all of them, by their own labels.
      for (const given of bytes ? [all, all.test!] : [all]) {
        for (const { loss } of await run.evaluate(given)) {
          expect(Math.abs(loss - meanLoss(given))).toBeLessThan(CLOSE);
        }
      }
    },
  );

  test('replicas of different data have the bits of each alone, at any place', async () => {
    const gpu = await testGpu();
    const settings = [
      { seed: 0, dataSeed: 5 },
      { seed: 1, dataSeed: 9 },
      { seed: 2, dataSeed: 5 },
    ];
    const zip = { seed: settings.map(({ seed }) => seed), dataSeed: settings.map((s) => s.dataSeed) };
    using sweep = await train(gpu, { ...DRAWN, zip });
    const readings = await readAll(sweep);
    for (const [replica, own] of settings.entries()) {
      using alone = await train(gpu, { ...DRAWN, ...own });
      const expected = readings.filter((reading) => reading.replica === replica);
      expect(await readAll(alone)).toEqual(expected.map((reading) => ({ ...reading, replica: 0 })));
      expect(await sweep.stateDict(replica)).toEqual(await alone.stateDict());
      expect((await sweep.evaluate())[replica]).toEqual((await alone.evaluate())[0]);
    }
    // A seed that is left out follows from the replica's: another one draws another subset.
    using derived = await train(gpu, { ...DRAWN, orderSeed: 1, initSeed: 1, grid: { seed: [0, 1] } });
    const [first, second] = await readAll(derived);
    expect(first!.loss).not.toBe(second!.loss);
  });

  test('labels alone, drawn by several seeds, leave the images shared; a crop is a shift', async () => {
    const gpu = await testGpu();
    const { augment: _, subset: __, ...noisy } = DRAWN;
    using run = await train(gpu, { ...noisy, lr: 0, weights, grid: { dataSeed: [1, 2] } });
    const losses = (await run.evaluate()).map(({ loss }) => loss);
    [1, 2].forEach((dataSeed, replica) => {
      const own = withDataOptions(data, { labelNoise: 0.4, dataSeed });
      expect(own.x).toBe(data.x);
      expect(Math.abs(losses[replica]! - meanLoss(own))).toBeLessThan(CLOSE);
    });
    using shifted = await train(gpu, { ...DRAWN, augment: { shift: 2 } });
    using cropped = await train(gpu, { ...DRAWN, augment: { crop: { padding: 2 } } });
    expect(await readAll(cropped)).toEqual(await readAll(shifted));
    // Nothing is added to a step but the augmentation itself.
    const dispatches = async (settings: TrainSettings): Promise<number> => {
      using of = await train(gpu, settings);
      return of.programs[0]!.dispatches.length;
    };
    const { labelNoise: ___, ...plain } = noisy;
    const least = await dispatches(plain);
    expect(await dispatches({ ...noisy, subset: 17, grid: { dataSeed: [1, 2] } })).toBe(least);
    expect(await dispatches(DRAWN)).toBe(least + 1);
  });
});

test('augmentation changes training batches only: not what instruments look at beside them, nor BatchNorm’s pass', async () => {
  const gpu = await testGpu();
  const settings: TrainSettings = {
    ...DRAWN,
    model: sequential(linear(FEATURES, 4), batchNorm1d(4), relu(), linear(4, CLASSES)),
    lr: 0,
    seed: 6,
    averaging: { kind: 'swa', start: 2 },
  };
  const instruments = [{ type: 'eigenvalue' as const, every: 4, examples: 8 }];
  const { augment: _, ...plain } = settings;
  const outcomes = [];
  for (const given of [settings, plain]) {
    using run = await train(gpu, { ...given, instruments });
    const told = (await readAll(run)).map((reading) => reading.instruments);
    outcomes.push({
      told,
      last: await run.evaluate(),
      averaged: await run.evaluate(undefined, { which: 'averaged' }),
    });
  }
  const [augmented, as] = outcomes;
  // Weights stay: what does not see the batch is the same bits, and running statistics have seen it.
  expect(augmented!.averaged).toEqual(as!.averaged);
  expect(augmented!.told).toEqual(as!.told);
  expect(augmented!.told.filter((told) => told)).toHaveLength(3);
  expect(augmented!.last).not.toEqual(as!.last);
});

test('a run goes on from its snapshot to the same bits, and not with other data of any replica', async () => {
  const gpu = await testGpu();
  const settings: TrainSettings = { ...DRAWN, grid: { dataSeed: [1, 2] } };
  using whole = await train(gpu, settings);
  const readings = await readAll(whole);
  using begun = await train(gpu, settings);
  for await (const _ of begun.readings(5));
  const resume = await begun.snapshot();
  using resumed = await train(gpu, { ...settings, resume });
  expect(await readAll(resumed)).toEqual(readings);
  for (const replica of [0, 1]) {
    expect(await resumed.stateDict(replica)).toEqual(await whole.stateDict(replica));
  }
  for (const [changed, message] of [
    [{ subset: 18 }, "resume: subset: is 17 in the snapshot's job, and 18 in this one"],
    [{ labelNoise: 0.5 }, 'resume: labelNoise: is 0.4'],
    [{ augment: { shift: 2, flip: true } }, 'resume: augment.shift: is 1'],
    [{ grid: { dataSeed: [1, 3] } }, 'resume: grid.dataSeed.1: is 2'],
  ] as const) {
    const refusal = await train(gpu, { ...settings, ...changed, resume }).catch(
      (error: Error) => error.message,
    );
    expect(refusal).toContain(message);
  }
  // An example of the second replica alone is another one.
  const places = [1, 2].map((dataSeed) => {
    const rows = withDataOptions(numbered(), { subset: 17, dataSeed }).x;
    return Array.from({ length: 17 }, (_, i) => rows[i * FEATURES]!);
  });
  const only = places[1]!.find((n) => !places[0]!.includes(n))!;
  const x = Uint8Array.from(data.x);
  x[only * FEATURES]! ^= 1;
  await expect(train(gpu, { ...settings, data: { ...data, x }, resume })).rejects.toThrow(
    'resume: data: "images" does not hold what the snapshot\'s run was given',
  );
});

/** Images whose pixels are their example's place. */
function numbered(): Dataset {
  const x = Float32Array.from({ length: EXAMPLES * FEATURES }, (_, i) => Math.floor(i / FEATURES));
  return { ...data, x };
}

describe('noise of augmented images', () => {
  const measured: TrainSettings = { ...DRAWN, noiseScaleEvery: 1, steps: 8 };

  test('drawn without replacement, |G|² of the training set is not told, and a warning says so', async () => {
    const gpu = await testGpu();
    using run = await train(gpu, measured);
    const readings = await readAll(run);
    expect(run.warnings).toHaveLength(1);
    expect(run.warnings[0]).toContain('noise_scale: gradNormSqOfTrainingSet and bSimple are null');
    for (const { gradNormSqOfTrainingSet, bSimple, bSimpleOfBatch, traceCovariance } of readings) {
      expect([gradNormSqOfTrainingSet, bSimple]).toEqual([null, null]);
      expect(traceCovariance).toBeGreaterThan(0);
      expect(Number.isFinite(bSimpleOfBatch)).toBe(true);
    }
  });

  test('drawn with replacement, it is: that of independent draws', async () => {
    const gpu = await testGpu();
    using run = await train(gpu, { ...measured, order: 'iid' });
    const readings = await readAll(run);
    expect(run.warnings).toEqual([]);
    for (const { gradNormSqOfTrainingSet, gradNormSqUnbiased } of readings) {
      expect(gradNormSqOfTrainingSet).toBe(gradNormSqUnbiased);
    }
  });
});

describe('jobs', () => {
  const host = { read: (path: string) => Promise.reject(new Error(`there is no ${path}`)) };
  const spec = {
    model: { hidden: [4] },
    data: 'gaussian-clusters?examples=60&test=20&dims=5&classes=3',
    batch_size: 6,
    steps: 10,
    optimizer: { lr: 0.1 },
  };

  /** A job's result, and its tensors. */
  async function outcome(job: AsyncGenerator<{ type: string }>) {
    for await (const event of job) {
      if (event.type !== 'result') continue;
      return event as unknown as { result: Record<string, unknown>; tensors?: Uint8Array };
    }
    throw new Error('the job gave no result');
  }

  test('each data_seed draws a synthetic set of its own, with its test part: the bits of each alone', async () => {
    const gpu = await testGpu();
    const draws = { subset: 20, label_noise: 0.2 };
    const replicas = [{ data_seed: 3 }, { data_seed: 4 }, { data_seed: 3, seed: 1 }];
    const { result } = await outcome(trainJob(gpu, { ...spec, ...draws, replicas }, host));
    const each = result.replicas as Record<string, unknown>[];
    expect(each.map(({ trainedOn }) => trainedOn)).toEqual(
      [3, 4, 3].map((seed) => `${spec.data}&seed=${seed}&subset=20&label_noise=0.2&data_seed=${seed}`),
    );
    for (const [r, replica] of replicas.entries()) {
      const alone = await outcome(trainJob(gpu, { ...spec, ...draws, ...replica }, host));
      for (const key of ['losses', 'finalLoss', 'accuracy', 'testLoss', 'trainedOn']) {
        expect(each[r]![key], key).toEqual(alone.result[key]);
      }
    }
    expect(each[0]!.testLoss).not.toEqual(each[1]!.testLoss);
  });

  test('what a run trained on is measured by the name that its result gives', async () => {
    const gpu = await testGpu();
    const seeds = { seed: 2, subset: 30, label_noise: 0.3 };
    const { result, tensors } = await outcome(trainJob(gpu, { ...spec, ...seeds }, host));
    const layers = [
      { type: 'Linear', in_features: 5, out_features: 4 },
      { type: 'ReLU' },
      { type: 'Linear', in_features: 4, out_features: 3 },
    ];
    const files: Record<string, Uint8Array> = {
      'w.safetensors': tensors!,
      'm.json': new TextEncoder().encode(JSON.stringify({ layers, loss: 'cross_entropy' })),
    };
    const name = result.trainedOn as string;
    expect((await loadDataset(name, host)).examples).toBe(30);
    const found = await outcome(
      measureJob(
        gpu,
        { model: 'm.json', weights: 'w.safetensors', data: name },
        { read: async (path) => files[path]! },
      ) as AsyncGenerator<{ type: string }>,
    );
    expect(found.result.examples).toBe(30);
    expect(Math.abs((found.result.loss as number) - (result.finalLoss as number))).toBeLessThan(CLOSE);
  });
});
