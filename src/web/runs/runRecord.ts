import type { PageNews } from '../../jobs/jobWorker.ts';
import type { TrainSpec } from '../../jobs/trainSpec.ts';

/** How a run ended; `running` as long as it has not, also where its page is gone. */
export type RunStatus = 'running' | 'finished' | 'stopped' | 'diverged' | 'failed' | 'imported';

/** What is kept of a run beside its events: what a list of runs shows. */
export interface RunRecord {
  readonly id: string;
  readonly name: string;
  readonly pinned: boolean;
  /** In ms since 1970, as all times. */
  readonly created: number;
  readonly updated: number;
  /** As a train.json has it, but for its snapshots, which the page asks for by itself. */
  readonly spec: TrainSpec;
  /** What the replicas are called. */
  readonly replicas: readonly string[];
  /** The settings that the replicas share, in a line. */
  readonly description: string;
  readonly status: RunStatus;
  /** What ended a run that failed. */
  readonly error?: string;
  /** The last step that was read. */
  readonly lastStep: number;
  /** Parts of its events that are kept. */
  readonly parts: number;
  /** What the run can go on from: after which step, and how many of the parts were there then. */
  readonly snapshot: { readonly step: number; readonly parts: number } | null;
  /** The files that it was given, by the names that its settings have for them. */
  readonly files: readonly string[];
  /** The run that it branched from, and after which step. */
  readonly parent?: { readonly id: string; readonly name: string; readonly step: number };
}

/** What a run told, and when: seconds that it had run for. */
export interface KeptEvent {
  readonly seconds: number;
  readonly event: PageNews;
}

/** The name of a run's snapshot among its files, and that of its final weights. */
export const SNAPSHOT = 'run.snapshot';
export const TENSORS = 'final.safetensors';
