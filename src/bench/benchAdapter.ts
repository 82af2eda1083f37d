import type { AdapterInfo } from '../gpu/device.ts';
import type { DispatchTime } from '../gpu/program.ts';
import type { MatmulTask, MlpTask, SumTask } from './benchCase.ts';
import type { CnnTask } from './cnn/cnnTask.ts';
import type { SweepTask } from './sweep/sweepCase.ts';
import type { AnyTask } from './taskOf.ts';

/** A task made ready on a device: inputs uploaded. */
export interface BenchJob {
  /** Does it `times` times; all work is submitted when this resolves. A training step also reads its last loss. */
  run(times: number): Promise<void> | void;
  /** What the last repetition gave: C; [sum]; [loss], of a sweep one a run; parameters flat in the order w1, b1, w2, b2, w [in, out]. */
  read(): Promise<Float32Array>;
  /** Time of each dispatch of one repetition. */
  profile?(): Promise<DispatchTime[]>;
  dispose(): void;
}

type Made = BenchJob | Promise<BenchJob | undefined>;

/** An implementation that can be timed, at what it can do; bench/peers/adapters holds others than ours. */
export interface BenchAdapter {
  readonly name: string;
  /** Of the library. */
  readonly version?: string;
  /** Takes a device. */
  init(): Promise<void>;
  info?(): Promise<AdapterInfo>;
  matmul?(task: MatmulTask): Made;
  sum?(task: SumTask): Made;
  mlpStep?(task: MlpTask): Made;
  secondMoments?(task: MlpTask): Made;
  hvp?(task: MlpTask): Made;
  cnnStep?(task: CnnTask): Made | undefined;
  cnnSecondMoments?(task: CnnTask): Made | undefined;
  cnnHvp?(task: CnnTask): Made | undefined;
  cnnEvaluation?(task: CnnTask): Made | undefined;
  sweep?(task: SweepTask): Made;
}

/** Whether an implementation has what a task asks for, and then the task made ready. */
export function makeJob(adapter: BenchAdapter, task: AnyTask): Made | undefined {
  switch (task.kind) {
    case 'matmul':
      return adapter.matmul?.(task);
    case 'sum':
      return adapter.sum?.(task);
    case 'cnnStep':
    case 'cnnSecondMoments':
    case 'cnnHvp':
    case 'cnnEvaluation':
      return adapter[task.kind]?.(task);
    case 'sweep':
      return adapter.sweep?.(task);
    default:
      return adapter[task.kind]?.(task);
  }
}
