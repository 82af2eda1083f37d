import { RunKernels } from '../gpu/runKernels.ts';
import type { Experiment } from './experiment.ts';
import { checkedEvidence, type KeptCell } from './keptCell.ts';
import type { PlannedCell } from './plannedCells.ts';
import type { ExperimentEvent, RunPlace } from './runExperiment.ts';

/**
 * Measures one cell.
 * @param phases before what each phase says: `cell 2 of 9`
 * @returns null where it was stopped
 * @throws Error where its evidence has another form than the experiment's; what the experiment throws
 */
export async function* measureCell(
  experiment: Experiment,
  { gpu, host, control }: RunPlace,
  { cell, definition, name }: PlannedCell,
  phases: string,
): AsyncGenerator<ExperimentEvent, KeptCell | null, void> {
  const kernels = new RunKernels(gpu);
  const started = performance.now();
  const running = experiment.run({ ...gpu, kernels }, cell, host);
  try {
    for (;;) {
      await control?.whileRunning();
      if (control?.stopped) return null;
      const next = await running.next();
      if (next.done) {
        const { evidence, problem } = checkedEvidence(experiment, next.value);
        if (problem !== undefined) throw new Error(`cell ${name}: ${problem}`);
        const seconds = Number(((performance.now() - started) / 1000).toFixed(2));
        return { ...definition, kernels: kernels.record, seconds, evidence };
      }
      const event = next.value;
      if (event.type === 'series') yield { ...event, cell: name };
      else if (event.type !== 'phase') yield event;
      else yield { type: 'phase', phase: `${phases}, ${event.phase}` };
    }
  } finally {
    await running.return(undefined);
  }
}
