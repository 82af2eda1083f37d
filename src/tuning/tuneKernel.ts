import { kernelTarget } from '../autograd/compile.ts';
import type { Gpu } from '../gpu/device.ts';
import type { KernelDemand } from '../gpu/kernelChoice.ts';
import { DeviceLostError } from '../gpu/orLost.ts';
import { estimate, interleave, type Measured, summarise, type Timer, winner } from '../gpu/tuner.ts';
import type { ChannelView } from '../ops/channelView.ts';
import type { ConvShape } from '../ops/plans/convPlan.ts';
import type { MatmulShape } from '../ops/plans/matmulPlan.ts';
import type { DenseMomentsShape } from '../ops/plans/momentsPlan.ts';
import type { SumShape, SumTerms } from '../ops/plans/sumPlan.ts';
import { convTrialOf } from '../selftest/cases/conv.ts';
import { matmulTrial } from '../selftest/cases/matmul.ts';
import { momentsTrial } from '../selftest/cases/moments.ts';
import { normalizeTrial, tangentTrial } from '../selftest/cases/norm.ts';
import { sumTrial } from '../selftest/cases/reduce.ts';
import { type PreparedTrial, prepareTrial, runTrial, uploadOperands } from '../selftest/runTrial.ts';
import type { Trial } from '../selftest/trial.ts';
import type { TunedEntry } from './tunedTable.ts';

/** A family whose variants can be told apart by measuring: the self-test's trial of a shape. */
interface TunedFamily {
  trial(shape: object): Trial;
  /** A shape with the same variants, small enough for the float64 reference. */
  small(shape: object): object;
}

/** Extents above this are checked at a smaller one with the same remainders of tiles. */
const LARGEST_CHECKED = 320;

function checked(extent: number): number {
  return extent <= LARGEST_CHECKED ? extent : 256 + (extent % 64);
}

const conv = (family: string): TunedFamily => ({
  trial: (shape) => convTrialOf[family]!(shape as ConvShape),
  small: (shape) => ({ ...shape, images: Math.min((shape as ConvShape).images, 4) }),
});

const FAMILIES: Readonly<Record<string, TunedFamily>> = {
  matmul: {
    trial: (shape) => matmulTrial(shape as MatmulShape),
    small: (shape) => {
      const { m, n, k } = shape as MatmulShape;
      return { ...shape, m: checked(m), n: checked(n), k: checked(k) };
    },
  },
  denseMoments: {
    trial: (shape) => momentsTrial(shape as DenseMomentsShape, (shape as DenseMomentsShape).bias, 1),
    small: (shape) => {
      const { batch, inputs, outputs } = shape as DenseMomentsShape;
      return { ...shape, batch: checked(batch), inputs: checked(inputs), outputs: checked(outputs) };
    },
  },
  conv2d: conv('conv2d'),
  conv2dInputGradient: conv('conv2dInputGradient'),
  conv2dWeightGradient: conv('conv2dWeightGradient'),
  convMoments: conv('convMoments'),
  convNorms: conv('convNorms'),
  sum: {
    trial: (shape) => sumTrial(shape as SumShape, shape as SumTerms),
    small: (shape) => {
      const { outer, inner } = shape as SumShape;
      return { ...shape, outer: checked(outer), inner: checked(inner) };
    },
  },
  normalize: { trial: (view) => normalizeTrial(view as ChannelView), small: fewerChannels },
  normalizeTangent: { trial: (view) => tangentTrial(view as ChannelView), small: fewerChannels },
};

function fewerChannels(view: object): object {
  return { ...view, channels: Math.min((view as ChannelView).channels, 4) };
}

/** Whether a shape can be tuned: norms of groups of images and sums of products by rows have no trial. */
export function isTunable({ family, shape }: KernelDemand): boolean {
  if (family === 'sum') {
    const { outer, inner, terms = 'plain' } = shape as SumShape & SumTerms;
    return terms === 'plain' || (outer === 1 && inner === 1);
  }
  return family in FAMILIES && ((shape as { unitSize?: number }).unitSize ?? 1) === 1;
}

/** Contenders this many times slower than the fastest are dropped after one look. */
const HOPELESS = 1.8;

interface Contender {
  readonly name: string;
  readonly prepared: PreparedTrial;
  /** One look, in times of the default's just after it: between candidates a GPU idles, and its clock falls. */
  readonly rough: number;
}

/**
 * Measures the variants of one shape. Each is run on operands of that shape in the op's whole program (a second pass
 * included); one that does not compile, differs from the float64 reference or between two runs is excluded. Those not
 * hopelessly slow are timed in turns, and the fastest replaces the default if it beats it by more than the spread.
 * @param version the family's, as kernelVersions gives it
 * @throws DeviceLostError; an Error if the default itself is excluded
 */
export async function tuneKernel(
  gpu: Gpu,
  demand: KernelDemand,
  version: string,
  time: Timer,
  date: string,
): Promise<TunedEntry> {
  const family = FAMILIES[demand.family]!;
  const full = family.trial(demand.shape);
  const small = remembered(family.trial(family.small(demand.shape)));
  const names = full.candidates!(kernelTarget({ ...gpu, kernels: undefined })).map(({ name }) => name);
  await compileBeside(gpu, small, names);
  const excluded: Record<string, string> = {};
  const times: Record<string, [number, number | null]> = {};
  let contenders: Contender[] = [];
  try {
    for (const name of names) {
      try {
        const failure = await check(gpu, small, full, name);
        if (failure !== null) {
          excluded[name] = failure;
          continue;
        }
        const prepared = await prepareTrial(gpu, { ...full, variant: name, name: `${full.name}, ${name}` });
        uploadOperands(prepared);
        const own = await estimate(time, prepared.program);
        times[name] = [digits(own), null];
        const yardstick = contenders[0] ? await estimate(time, contenders[0].prepared.program) : own;
        contenders.push({ name, prepared, rough: own / yardstick });
      } catch (error) {
        if (error instanceof DeviceLostError) throw error;
        excluded[name] = (error as Error).message;
      }
      contenders = drop(contenders, names[0]!);
    }
    if (excluded[names[0]!] !== undefined) {
      throw new Error(`${demand.family} ${demand.key}: the default ${names[0]}: ${excluded[names[0]!]}`);
    }
    const samples = await interleave(
      time,
      contenders.map(({ prepared }) => prepared.program),
    );
    const measured: Measured[] = samples.map(summarise);
    contenders.forEach(({ name }, i) => {
      times[name] = [digits(measured[i]!.median), digits(measured[i]!.spread)];
    });
    const { family: of, bucket, key } = demand;
    const variant = contenders[winner(measured)]!.name;
    return { family: of, bucket, key, kernels: version, default: names[0]!, variant, times, excluded, date };
  } finally {
    for (const { prepared } of contenders) prepared.dispose();
  }
}

/** The reference of all candidates, computed once. */
function remembered(trial: Trial): Trial {
  let expected: ReturnType<Trial['expect']> | undefined;
  return {
    ...trial,
    expect: (values) => {
      expected ??= trial.expect(values);
      return expected;
    },
  };
}

/** Makes the candidates' pipelines beside each other; one that does not compile is found out where it is checked. */
async function compileBeside(gpu: Gpu, trial: Trial, names: readonly string[]): Promise<void> {
  const prepared = await Promise.allSettled(names.map((variant) => prepareTrial(gpu, { ...trial, variant })));
  for (const each of prepared) if (each.status === 'fulfilled') each.value.dispose();
}

/** Four are more than a clock gives. */
function digits(value: number): number {
  return Number(value.toPrecision(4));
}

/** Frees and leaves out those that cannot win; the default stays. */
function drop(contenders: readonly Contender[], standard: string): Contender[] {
  const fastest = Math.min(...contenders.map(({ rough }) => rough));
  return contenders.filter(({ name, rough, prepared }) => {
    if (name === standard || rough <= HOPELESS * fastest) return true;
    prepared.dispose();
    return false;
  });
}

/** Why a variant computes something else than the float64 reference, or null. */
async function check(gpu: Gpu, small: Trial, full: Trial, variant: string): Promise<string | null> {
  const has = small.candidates!(kernelTarget({ ...gpu, kernels: undefined })).some(
    ({ name }) => name === variant,
  );
  const prepared = await prepareTrial(gpu, { ...(has ? small : full), variant });
  try {
    const { ok, deterministic, worstError, tolerance } = await runTrial(gpu, prepared);
    if (ok) return null;
    if (!deterministic) return 'two runs gave different bits';
    return `the error against float64 is ${worstError ?? 'not a number'}, ${tolerance} is allowed`;
  } finally {
    prepared.dispose();
  }
}
