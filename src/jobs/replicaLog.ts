import { RunningNoiseScale, twoBatchNoise } from '../measure/noiseScale.ts';
import type { JobEvent, Reading } from './job.ts';
import type { StepReading } from './trainingRun.ts';

/** A run whose loss or weights are no longer finite. */
export interface Divergence {
  /** The first step at which it showed, counted from 1. */
  readonly step: number;
  readonly reason: string;
}

/** What is kept of one replica while it trains. */
export class ReplicaLog {
  readonly losses: number[] = [];
  readonly measured: Reading[] = [];
  readonly noise = new RunningNoiseScale();
  diverged: Divergence | null = null;
}

/** Takes a run's readings into the logs, and says which of them are news: none of a replica that has diverged. */
export function* readingEvents(
  steps: readonly StepReading[],
  smallBatch: number,
  logs: readonly ReplicaLog[],
): Generator<JobEvent> {
  const readings: Reading[] = [];
  for (const step of steps) {
    const log = logs[step.replica]!;
    if (log.diverged) continue;
    if (!Number.isFinite(step.loss)) {
      log.diverged = { step: step.step, reason: 'the loss is not finite' };
      continue;
    }
    log.losses.push(step.loss);
    const reading = readingOf(step, smallBatch, log.noise);
    if (step.norms) log.measured.push(reading);
    readings.push(reading);
  }
  if (readings.length > 0) yield { type: 'readings', readings };
}

function readingOf({ norms, ...step }: StepReading, smallBatch: number, running: RunningNoiseScale): Reading {
  const reading: Reading = { ...step, temperature: step.learningRate / step.batchSize };
  if (!norms) return reading;
  const total = (key: 'gradNormSq' | 'smallNormSq'): number => norms.reduce((sum, p) => sum + p[key], 0);
  const gradNormSq = total('gradNormSq');
  if (step.batchSize <= smallBatch) return { ...reading, gradNormSq };
  const noise = twoBatchNoise(
    { batchSize: smallBatch, normSq: total('smallNormSq') },
    { batchSize: step.batchSize, normSq: gradNormSq },
  );
  running.add(noise);
  return { ...reading, ...noise, bSimple: running.bSimple, bSimpleResolved: running.bSimple !== null };
}
