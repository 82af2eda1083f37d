import type { Averaging } from '../optim/average.ts';
import type { Reading } from './reading.ts';

/** What a training run tells beside how far it is. */
export type TrainEvent =
  | { readonly type: 'readings'; readonly readings: readonly Reading[] }
  | EvaluationEvent
  /** A rate that was set from outside; `step`, counted from 1, is the first at it, `replica` null for all of them. */
  | {
      readonly type: 'learningRate';
      readonly step: number;
      readonly replica: number | null;
      readonly learningRate: number;
    }
  /** What the run is of: N examples, P parameters. */
  | {
      readonly type: 'planned';
      readonly steps: number;
      readonly examples: number;
      readonly parameters: number;
    }
  /** A text that a replica went on with, its weights those after so many steps. */
  | { readonly type: 'sample'; readonly step: number; readonly replica: number; readonly text: string }
  /** A batch size that was set from outside; `step`, counted from 1, is the first of it. */
  | { readonly type: 'batchSize'; readonly step: number; readonly batchSize: number }
  /** The whole run, to be kept in a file, in place of what that holds when it is written. The run goes on after it. */
  | { readonly type: 'snapshot'; readonly file: string; readonly step: number; readonly tensors: Uint8Array }
  | { readonly type: 'diverged'; readonly replica: number; readonly step: number; readonly reason: string };

export interface EvaluationEvent {
  readonly type: 'evaluation';
  readonly step: number;
  readonly replica: number;
  readonly split: 'train' | 'test';
  /** Which weights; `recomputed`: the last, with BatchNorm's statistics recomputed as an average's are. */
  readonly weights: 'last' | 'recomputed' | Averaging['kind'];
  readonly loss: number;
  readonly accuracy: number | null;
}
