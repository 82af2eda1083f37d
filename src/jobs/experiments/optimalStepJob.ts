import { z } from 'zod';
import { drawnExamples } from '../../data/drawnExamples.ts';
import { uploadExamples } from '../../data/uploadExamples.ts';
import {
  type FrozenPoint,
  frozenPointSchema,
  measureFrozenPoint,
} from '../../experiments/optimalStep/frozenPoint.ts';
import { judgeOptimalStep, type OptimalStepOutcome } from '../../experiments/optimalStep/judgeOptimalStep.ts';
import {
  OPTIMAL_STEP,
  OPTIMAL_STEP_MARGINS,
  OPTIMAL_STEP_VERSION,
  type OptimalStepMargins,
} from '../../experiments/optimalStep/protocol.ts';
import { openTrunk, perceptronTrunk, type Trunk } from '../../experiments/sgdTrunk.ts';
import type { AdapterInfo, Gpu } from '../../gpu/device.ts';
import { type KernelRecord, RunKernels } from '../../gpu/runKernels.ts';
import { State } from '../../gpu/state.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import { kernelRecordSchema } from '../../tuning/kernelRecord.ts';
import type { JobEvent, JobHost } from '../jobEvent.ts';
import { parseExperiment, refused } from './parseExperiment.ts';

const count = z.int().positive();
const schema = z.strictObject({
  data: z.string().default('mnist'),
  /** Units of the hidden layer. */
  hidden: count.default(64),
  /** N, of each trunk's population. */
  examples: z.int().min(2).default(2048),
  draws: z.int().min(2).default(OPTIMAL_STEP.draws),
  batch_sizes: z
    .array(count)
    .min(3)
    .default([...OPTIMAL_STEP.batchSizes]),
  /** Steps of each trunk at which the weights are frozen. */
  checkpoints: z.array(count).min(2).default([100, 600, 4000]),
  probes: z.int().min(2).default(OPTIMAL_STEP.probes),
  trunks: z.int().min(2).default(5),
  lr: z.number().positive().default(0.1),
  batch_size: count.default(64),
  /** Of the first trunk; the others' follow. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 31)
    .default(1000),
});

/** What was measured at one frozen point, and all that it depends on. */
const cellSchema = z.strictObject({
  experiment: z.string(),
  protocol: z.record(z.string(), z.unknown()),
  adapter: z.record(z.string(), z.unknown()),
  trunk: z.int(),
  point: frozenPointSchema,
  kernels: kernelRecordSchema,
});
type OptimalStepCell = Omit<z.output<typeof cellSchema>, 'point'> & { readonly point: FrozenPoint };

/** A cell that was kept, and how it is named to the user. */
export interface KeptCell {
  readonly name: string;
  readonly cell: unknown;
}

/** What may be set of the experiment `optimalStep`; left out, the whole protocol. */
export type OptimalStepSpec = z.input<typeof schema> & {
  /** What an earlier run, stopped before its end, measured: not measured again. */
  readonly cells?: readonly KeptCell[];
};

/** What the experiment gives. */
export interface OptimalStepResult extends OptimalStepOutcome {
  readonly version: number;
  readonly adapter: AdapterInfo;
  readonly protocol: z.output<typeof schema> & { readonly grid: readonly number[] };
  readonly margins: OptimalStepMargins;
  readonly kernels: KernelRecord;
}

/**
 * Trains perceptrons by plain SGD on the whole training set, freezes each several times, and judges whether ε_opt(B), ΔL_opt(B)
 * and 2ε_opt(B) are what G, H and Σ say. Each frozen point is given as a `cell` when it is measured, and not measured again when
 * given back.
 * @throws InputError for input that is refused, a cell of another protocol or adapter among it
 */
export async function* optimalStepJob(
  device: Gpu,
  { cells: kept = [], ...given }: OptimalStepSpec,
  host: JobHost,
): AsyncGenerator<JobEvent, void, void> {
  const spec = parseExperiment('optimal-step', schema, given, ['checkpoints', 'batch_sizes']);
  const found = new Map(
    kept.map((each) => {
      const { trunk, point, kernels } = checkedCell(each, spec, device.info);
      return [`${trunk} ${point.step}`, { point, kernels }];
    }),
  );
  const taken = new RunKernels(device);
  const gpu: Gpu = { ...device, kernels: taken };
  yield { type: 'phase', phase: 'reading data' };
  const trunk = await perceptronTrunk(spec.data, spec.hidden, host);
  const trunks: FrozenPoint[][] = [];
  const records: KernelRecord[] = [];
  for (let seed = spec.seed; seed < spec.seed + spec.trunks; seed++) {
    const missing = spec.checkpoints.filter((step) => !found.has(`${seed} ${step}`));
    for await (const event of measureTrunk(gpu, trunk, spec, seed, missing)) {
      if (event.type !== 'point') {
        yield event;
        continue;
      }
      const { point } = event;
      found.set(`${seed} ${point.step}`, { point, kernels: taken.record });
      const cell: OptimalStepCell = {
        experiment: `optimal-step ${OPTIMAL_STEP_VERSION}`,
        protocol: defining(spec),
        adapter: adapterOf(device.info),
        trunk: seed,
        point,
        kernels: taken.record,
      };
      yield { type: 'cell', name: `trunk-${seed}-step-${point.step}`, cell };
    }
    const cells = spec.checkpoints.map((step) => found.get(`${seed} ${step}`)!);
    trunks.push(cells.map(({ point }) => point));
    records.push(...cells.map(({ kernels }) => kernels));
  }
  const result: OptimalStepResult = {
    version: OPTIMAL_STEP_VERSION,
    adapter: device.info,
    protocol: { ...spec, grid: OPTIMAL_STEP.grid },
    margins: OPTIMAL_STEP_MARGINS,
    ...judgeOptimalStep(trunks),
    kernels: merged(records),
  };
  yield { type: 'result', result, exitCode: 0 };
}

/** One trunk, frozen at the given steps. */
async function* measureTrunk(
  gpu: Gpu,
  trunk: Trunk,
  spec: z.output<typeof schema>,
  seed: number,
  checkpoints: readonly number[],
): AsyncGenerator<JobEvent | { readonly type: 'point'; readonly point: FrozenPoint }, void, void> {
  if (checkpoints.length === 0) return;
  const { batch_size: batchSize, lr } = spec;
  const population = drawnExamples(trunk.dataset, spec.examples, partSeed(seed, 0));
  const run = await openTrunk(gpu, trunk, { steps: checkpoints.at(-1)!, batchSize, lr, seed });
  const theta = new State(gpu, { label: 'frozen parameters', shape: [run.layout.length] });
  const examples = uploadExamples(gpu, population);
  try {
    for (const step of checkpoints) {
      yield { type: 'phase', phase: `trunk ${seed}: training to step ${step}` };
      for await (const _ of run.steps(step));
      theta.write(flatValues(run.layout, await run.weights(0)));
      yield { type: 'phase', phase: `trunk ${seed}: measuring at step ${step}` };
      const context = { mode: 'eval' as const };
      const measuring = measureFrozenPoint(
        gpu,
        { model: trunk.model, layout: run.layout, theta, examples, context },
        step,
        {
          batchSizes: spec.batch_sizes,
          draws: spec.draws,
          grid: OPTIMAL_STEP.grid,
          probes: spec.probes,
          seed: partSeed(seed, step),
        },
      );
      let next = await measuring.next();
      for (; !next.done; next = await measuring.next())
        yield { type: 'progress', ...next.value, unit: 'draws' };
      yield { type: 'point', point: next.value };
    }
  } finally {
    run.dispose();
    theta.dispose();
    examples.dispose();
  }
}

/** The seed of a trunk's population (part 0), and of the mini-batches and probes at each frozen step. */
function partSeed(trunk: number, part: number): number {
  return threefry2x32(trunk, purpose.experimentPart, part, 0)[0] >>> 0;
}

/** What a frozen point's measurements depend on beside trunk and step. */
function defining({
  trunks: _,
  checkpoints: __,
  seed: ___,
  ...spec
}: z.output<typeof schema>): Record<string, unknown> {
  return spec;
}

function adapterOf({ vendor, architecture, device, description }: AdapterInfo): Record<string, unknown> {
  return { vendor, architecture, device, description };
}

/** @throws InputError naming what a cell is and what was expected */
function checkedCell(
  { name, cell }: KeptCell,
  spec: z.output<typeof schema>,
  adapter: AdapterInfo,
): OptimalStepCell {
  const parsed = cellSchema.safeParse(cell);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw refused('optimal-step', name, `${issue.path.join('.') || 'the cell'}: ${issue.message}`);
  }
  const expected = {
    experiment: `optimal-step ${OPTIMAL_STEP_VERSION}`,
    protocol: defining(spec),
    adapter: adapterOf(adapter),
  };
  for (const key of ['experiment', 'protocol', 'adapter'] as const) {
    const [found, wanted] = [JSON.stringify(parsed.data[key]), JSON.stringify(expected[key])];
    if (found !== wanted) {
      throw refused('optimal-step', name, `its ${key} is ${found}, expected ${wanted}`);
    }
  }
  return parsed.data;
}

function merged(records: readonly KernelRecord[]): KernelRecord {
  const all: Record<string, Record<string, string>> = {};
  for (const record of records)
    for (const [family, choices] of Object.entries(record)) all[family] = { ...all[family], ...choices };
  return all;
}
