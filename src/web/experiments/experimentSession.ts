import type { ExperimentRecord } from '../../experiments/experiment.ts';
import type { ExperimentSpec } from '../../jobs/experimentJob.ts';
import { WorkerSession } from '../workerSession.ts';
import { ExperimentRun } from './experimentRun.ts';

/** The experiment page's session: the experiments there are, and what the one under way has told. */
export class ExperimentSession extends WorkerSession {
  /** Undefined until the worker has told. */
  records: readonly ExperimentRecord[] | undefined;
  progress: { readonly done: number; readonly total: number; readonly unit: string } | undefined;
  run: ExperimentRun | undefined;

  protected override async prepare(): Promise<void> {
    this.records = await this.ask(({ remote }) => remote.experimentRecords());
    this.changed();
  }

  /** Runs an experiment to its end; errors end up in `error`. */
  async start(
    record: ExperimentRecord,
    wanted: Pick<ExperimentSpec, 'protocol'> & { preset: string },
  ): Promise<void> {
    if (this.state !== 'idle') return;
    const run = new ExperimentRun(record, wanted.preset);
    this.run = run;
    this.progress = undefined;
    await this.runJob(
      { job: 'experiment', id: record.id, ...wanted },
      {
        started: 'Experiment started',
        failed: 'The experiment failed',
        ended: () => ending(run),
        take: (event) => {
          run.take(event);
          if (event.type === 'progress') this.progress = event;
        },
      },
    );
  }
}

function ending({ result, cells }: ExperimentRun): string {
  if (result?.outcome) return `Finished: ${result.outcome.verdict}`;
  const done = cells ? `${cells.done} of ${cells.total} cells` : 'the first cell';
  return `Stopped ${cells ? 'after' : 'before'} ${done}${cells ? '' : ' was done'}`;
}
