import { type DecayedRun, growBatches, grownRates } from '../optim/growBatch.ts';
import { learningRates, type Schedule } from '../optim/schedule.ts';
import type { BatchControl } from './batchController.ts';
import type { BatchRule, GrowRule, NoiseRule } from './batchRule.ts';
import type { BatchFrom } from './batchSizes.ts';
import { epochSteps } from './epochSteps.ts';
import { possibleBatchSizes } from './runParts.ts';
import { requireDivisors, type SmallBatch } from './smallBatches.ts';

/** How a run's batches are described. */
export interface AskedBatches {
  /** B from the start on. */
  readonly batchSize: number;
  /** What comes of it: a table whose first entry may be from step 0, or a rule. */
  readonly schedule: readonly BatchFrom[] | BatchRule | undefined;
  readonly steps: number | undefined;
  /** In the place of `steps`. */
  readonly epochs: number | undefined;
  readonly lrSchedule: Schedule;
  /** ε of each replica at the start. */
  readonly lrs: readonly number[];
  /** The sizes of the units that statistics are of, by the keys that give them. */
  readonly smallBatches: readonly SmallBatch[];
  readonly measuresNoise: boolean;
}

/** What the parts of it are called where it was described, and how one of them is refused. */
export interface BatchKeys {
  readonly schedule: string;
  readonly least: string;
  readonly most: string;
  /** What measures the noise scale. */
  readonly noise: string;
  /** Refuses so many steps of the schedule, before they are gone through. */
  requireSteps(steps: number): void;
  /** Of a replica's ε. */
  lr(replica: number): string;
  refuse(key: string, reason: string): Error;
}

/** A run's batches and rates, step by step, or as far as they are known before it. */
export interface PlannedBatches {
  readonly steps: number;
  readonly batches: readonly BatchFrom[];
  /** Where the noise scale decides. */
  readonly batchControl: BatchControl | undefined;
  /** ε of every step, for an ε at the start. Made when it is asked for: it is as long as the run. */
  rates(lr: number): Float32Array;
}

/**
 * The batches of a run, its steps and its rates.
 *
 * The rule `grow`: `steps`, `epochs` and the steps of the learning rate's schedule count batches of `batchSize`; the run takes fewer, and draws
 * as many examples. The rule `noise`: every step is the run's own.
 * @param examples N
 * @throws what `refuse` makes, for what cannot be meant
 */
export function planBatches(asked: AskedBatches, examples: number, keys: BatchKeys): PlannedBatches {
  const { batchSize, schedule, epochs, lrSchedule, smallBatches } = asked;
  const table = Array.isArray(schedule) ? (schedule as readonly BatchFrom[]) : [];
  const rule = Array.isArray(schedule) ? undefined : (schedule as BatchRule | undefined);
  const start = table[0]?.fromStep === 0 ? [] : [{ fromStep: 0, batchSize }];
  const plain = [...start, ...table];
  if (rule?.rule === 'noise' && asked.steps === undefined) {
    throw keys.refuse(
      'epochs',
      `are as many steps as B makes of them, which the rule "noise" decides: expected steps`,
    );
  }
  const scheduled = asked.steps ?? epochSteps(epochs ?? 1, examples, plain);
  keys.requireSteps(scheduled);
  const planned =
    rule?.rule === 'grow' ? grown(rule) : { steps: scheduled, batches: plain, rates: plainRates };
  const batchControl = rule?.rule === 'noise' ? controlOf(rule) : undefined;
  requireDivisors(smallBatches, possibleBatchSizes({ ...planned, batchControl }), keys.refuse);
  return { ...planned, batchControl };

  function plainRates(lr: number): Float32Array {
    return learningRates(lrSchedule, lr, scheduled);
  }

  function grown({ maxBatchSize }: GrowRule): Omit<PlannedBatches, 'batchControl'> {
    const most = maxBatchSize ?? Math.max(batchSize, Math.floor(examples / 10));
    if (most < batchSize) throw keys.refuse(`${keys.schedule}.${keys.most}`, belowStart(most));
    const run = (base: number): DecayedRun => ({ schedule: lrSchedule, base, batchSize, steps: scheduled });
    const found = growBatches(run(asked.lrs[0]!), most);
    for (const [replica, lr] of asked.lrs.entries()) {
      if (lr === asked.lrs[0] || sameBatches(growBatches(run(lr), most).batches, found.batches)) continue;
      const reason = `is ${lr}, at which the schedule cuts ε by other factors than at ${asked.lrs[0]}, so that B would grow otherwise`;
      throw keys.refuse(keys.lr(replica), `${reason}: expected replicas that share their batch sizes`);
    }
    return { ...found, rates: (lr) => grownRates(run(lr), found) };
  }

  function controlOf(rule: NoiseRule): BatchControl {
    const { examplesPerStep, checkEvery, confirm = 2, lrLaw, minBatchSize: least = batchSize } = rule;
    const most = rule.maxBatchSize ?? Math.max(batchSize, Math.floor(examples / 10));
    if (least > batchSize) {
      throw keys.refuse(
        `${keys.schedule}.${keys.least}`,
        `is ${least}, expected at most the batch size at the start, ${batchSize}`,
      );
    }
    if (most < batchSize) throw keys.refuse(`${keys.schedule}.${keys.most}`, belowStart(most));
    const sizes = [batchSize];
    for (let B = batchSize; B % 2 === 0 && B / 2 >= least; B /= 2) sizes.unshift(B / 2);
    for (let B = 2 * batchSize; B <= most; B *= 2) sizes.push(B);
    if (sizes.length === 1) {
      const reason = `leaves nothing to choose: expected a batch size twice or half ${batchSize} between ${least} and ${most}`;
      throw keys.refuse(keys.schedule, reason);
    }
    if (!asked.measuresNoise)
      throw keys.refuse(keys.schedule, `reads the noise scale, expected ${keys.noise}`);
    if (asked.lrs.length > 1) {
      const reason = `decides by one run's noise scale and there are ${asked.lrs.length} replicas, expected one`;
      throw keys.refuse(keys.schedule, reason);
    }
    return { examplesPerStep, checkEvery, confirm, lrLaw, sizes };
  }

  function belowStart(most: number): string {
    return `is ${most}, expected at least the batch size at the start, ${batchSize}`;
  }
}

function sameBatches(a: readonly BatchFrom[], b: readonly BatchFrom[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ fromStep, batchSize }, i) => fromStep === b[i]!.fromStep && batchSize === b[i]!.batchSize)
  );
}
