/**
 * Whole jobs, as the command line and the pages run them: a typed description in, events and a result out.
 * @module basin/jobs
 */

import './gpu/disposeSymbol.ts';

export type { Ceilings, KernelsSpec } from './bench/kernelsReport.ts';
export { RunControl } from './host/runControl.ts';
export { type JobEvent, type JobHost, type JobSpec, type Reading, runJob } from './jobs/job.ts';
