import type { KernelsEvent } from '../bench/kernelsReport.ts';
import type { ExperimentEvent } from '../experiments/runExperiment.ts';
import type { AdapterInfo } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type { ResultEvent, WorkEvent } from '../host/workEvent.ts';
import type { EigenvalueProgress } from '../measure/curvature/eigenvalues.ts';
import type { TrainEvent } from '../train/trainEvent.ts';

/** How a job reads the files that its description names; the host knows where they lie. */
export type JobHost = ByteSource;

/** What a job tells while it runs; the last event of one that succeeds is its result. */
export type JobEvent =
  | { readonly type: 'adapter'; readonly adapter: AdapterInfo }
  | WorkEvent
  | ({ readonly type: 'search' } & EigenvalueProgress)
  | TrainEvent
  | ExperimentEvent
  | KernelsEvent
  | ResultEvent;
