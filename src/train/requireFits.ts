import { placeExamples } from '../data/uploadExamples.ts';
import type { Gpu } from '../gpu/device.ts';
import { LimitError } from '../gpu/limitError.ts';
import { planningGpu } from '../gpu/planningGpu.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import { Evaluator } from '../measure/evaluation/evaluator.ts';
import { recomputeStatistics } from '../measure/evaluation/recomputeStatistics.ts';
import { openSearch } from './lrSearch.ts';
import { compileRun, makeRunParts, possibleBatchSizes, type RunShape } from './runParts.ts';
import { compileWholeSteps } from './wholeSteps.ts';

/** Where a run was described, and what its parts are called there. */
export interface RunNames {
  readonly file: string;
  readonly steps: string;
  readonly batchSize: string;
  /** What bounds the batch sizes that a rule makes of it. */
  readonly largestBatch?: string | undefined;
  readonly bnBatchSize: string;
  readonly replicas: string;
  readonly data: string;
  readonly model: string;
}

/**
 * Bytes that a run takes on a device: all its buffers, with those of its evaluations, by the engine's own plan of it. Nothing
 * is made, drawn or uploaded, whatever the sizes. The kernels that all of it takes are told to what keeps the device's choices.
 * @throws LimitError if a buffer or a grid passes what the adapter can do
 */
export async function memoryOf(gpu: Gpu, shape: RunShape, replicas: number): Promise<number> {
  const planned = planningGpu(gpu, { records: true });
  const scope = new Scope();
  const parts = makeRunParts(planned.gpu, scope, shape, replicas);
  await compileRun(planned.gpu, scope, parts, replicas);
  const whole = compileWholeSteps(planned.gpu, parts, { ...shape, replicas, momentum: true });
  await Promise.all([...whole.values()].map(({ program }) => program));
  const { model, dataset, own, batches, bnBatchSize, bnOrder } = shape;
  const { layout, theta, buffers, averagedBuffers, arena } = parts;
  for (const data of dataset.test ? [dataset, dataset.test] : [dataset]) {
    const examples =
      data === dataset
        ? parts.examples
        : (parts.testExamples ?? placeExamples(planned.gpu, data, own && { ...own.test, replicas }));
    await Evaluator.open(planned.gpu, { model, layout, theta, buffers, examples, arena });
  }
  if (shape.lrSearch) {
    const sample = { ...dataset, examples: Math.min(shape.lrSearch.examples, dataset.examples) };
    const point = {
      model,
      layout,
      theta: new State(planned.gpu, { label: 'parameters', shape: [layout.length] }),
      examples: placeExamples(planned.gpu, sample),
      context: { mode: 'eval' as const },
    };
    for (const batchSize of possibleBatchSizes(shape)) {
      await openSearch(planned.gpu, point, batchSize, shape.lrSearch, 0);
    }
  }
  if (averagedBuffers) {
    const batchSize = bnBatchSize ?? batches.at(-1)!.batchSize;
    const seeds = bnOrder === 'shuffle' ? parts.seeds : undefined;
    const from = { model, layout, theta, buffers: averagedBuffers, examples: parts.examples, seeds, arena };
    await recomputeStatistics(planned.gpu, { ...from, batchSize });
  }
  return planned.bytes;
}

/**
 * Refuses a run that the adapter cannot hold, before anything of it is made: initial weights, tables, buffers. Says which of
 * its numbers would have to be smaller for it to fit, each on its own, and how small. Refuses a batch larger than the data
 * where an epoch is to go through them: PyTorch's loader would make such batches shorter, and here none is.
 * @returns the bytes that it takes at most, those of its evaluations included
 * @throws InputError naming the key
 */
export async function requireFits(
  gpu: Gpu,
  shape: RunShape,
  replicas: number,
  names: RunNames,
): Promise<number> {
  requireWithinData(shape, names);
  let limit: LimitError;
  try {
    return await memoryOf(gpu, shape, replicas);
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    limit = error;
  }
  const remedies: { readonly key: string; readonly found: number; readonly most: number }[] = [];
  for (const { key, found, at } of lessOf(shape, replicas, names)) {
    const fits = (value: number): Promise<boolean> => {
      const [smaller, count] = at(value);
      return memoryOf(gpu, smaller, count).then(
        () => true,
        () => false,
      );
    };
    const most = found > 1 ? await largest(found, fits) : 0;
    if (most > 0) remedies.push({ key, found, most });
  }
  const [first, ...others] = remedies;
  if (!first)
    throw new InputError(names.file, names.model, `is too large for this adapter: ${limit.message}`);
  const alternatives = others.map(({ key, most }) => `, or ${key} at most ${most}`).join('');
  throw new InputError(
    names.file,
    first.key,
    `comes to ${first.found}, which this adapter cannot hold; expected at most ${first.most}${alternatives} (${limit.message})`,
  );
}

function requireWithinData(shape: RunShape, { file, batchSize, largestBatch }: RunNames): void {
  const { sampling, dataset } = shape;
  if (sampling !== 'shuffle' && sampling !== 'sequential') return;
  const large = possibleBatchSizes(shape).find((size) => size > dataset.examples);
  if (large === undefined) return;
  const grown = largestBatch !== undefined && large > shape.batches[0]!.batchSize;
  throw new InputError(
    file,
    grown ? largestBatch : batchSize,
    `${grown ? 'lets batches be of' : 'is'} ${large}, but there are ${dataset.examples} examples: expected at most as many, or the order "iid", ` +
      'which draws with replacement',
  );
}

/** The numbers of a run that its memory grows with: what each is, and the run with another value for it. */
function lessOf(
  shape: RunShape,
  replicas: number,
  names: RunNames,
): readonly {
  readonly key: string;
  readonly found: number;
  at(value: number): readonly [RunShape, number];
}[] {
  const { steps, batches, batchControl, dataset, averaging, instruments = [] } = shape;
  // Data for testing are left out but where an instrument is of them.
  const test = instruments.some(({ split }) => split === 'test') ? dataset.test : undefined;
  const smallBatch = Math.max(1, ...instruments.map(({ unitSize }) => unitSize ?? 1));
  const largestBatch = Math.max(...possibleBatchSizes(shape));
  const bnBatchSize = Math.min(shape.bnBatchSize ?? batches.at(-1)!.batchSize, dataset.examples);
  // The smaller batch size of the statistics divides every other one.
  const dividing = (value: number): number => Math.max(1, Math.floor(value / smallBatch)) * smallBatch;
  return [
    { key: names.steps, found: steps, at: (value) => [{ ...shape, steps: value }, replicas] },
    {
      key: names.largestBatch ?? names.batchSize,
      found: largestBatch,
      at: (value) => {
        const smaller = (batchSize: number): number => Math.min(batchSize, dividing(value));
        const less = {
          batches: batches.map(({ fromStep, batchSize }) => ({ fromStep, batchSize: smaller(batchSize) })),
          batchControl: batchControl && { ...batchControl, sizes: batchControl.sizes.map(smaller) },
          furtherSizes: shape.furtherSizes?.map(smaller),
        };
        return [{ ...shape, ...less, bnBatchSize }, replicas];
      },
    },
    { key: names.replicas, found: replicas, at: (value) => [shape, value] },
    {
      key: 'averaging.last',
      found: averaging?.kind === 'lawa' ? averaging.last : 0,
      at: (last) => [
        averaging?.kind === 'lawa' ? { ...shape, averaging: { ...averaging, last } } : shape,
        replicas,
      ],
    },
    {
      key: names.bnBatchSize,
      found: shape.averaging ? bnBatchSize : 0,
      at: (value) => [{ ...shape, bnBatchSize: value }, replicas],
    },
    {
      key: names.data,
      found: dataset.examples,
      at: (value) => [
        {
          ...shape,
          dataset: {
            ...dataset,
            examples: value,
            test: test && { ...test, examples: Math.min(value, test.examples) },
          },
        },
        replicas,
      ],
    },
  ];
}

/** The largest value below `found` that fits, where smaller ones do; 0 if none does. */
async function largest(found: number, fits: (value: number) => Promise<boolean>): Promise<number> {
  // BatchNorm takes no batch of one.
  const least = (await fits(1)) ? 1 : 2;
  if (least >= found || (least > 1 && !(await fits(least)))) return 0;
  let [low, high] = [least, found];
  while (high - low > Math.max(1, low / 256)) {
    const middle = Math.floor(low + (high - low) / 2);
    if (await fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
