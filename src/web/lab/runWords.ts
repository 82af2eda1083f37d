import type { AskedChange } from '../../jobs/jobWorker.ts';
import type { RunRecord } from '../runs/runRecord.ts';
import type { Recording } from './recording.ts';

/** How a run ended that gave no error. */
export function ending(
  { replicas, diverged, lastStep }: Recording,
  { stopped, abandoned }: { readonly stopped: boolean; readonly abandoned: boolean },
): string {
  if (abandoned) return `Stopped at once after step ${lastStep}: the last evaluation was not made`;
  const steps = [...diverged.values()].map(({ step }) => step);
  if (steps.length === replicas.length) {
    const whose = replicas.length > 1 ? `All ${replicas.length} replicas diverged, the last` : 'Diverged';
    return `${whose} at step ${Math.max(...steps)}`;
  }
  const lost = steps.length > 0 ? `; ${steps.length} of ${replicas.length} replicas diverged` : '';
  return `${stopped ? 'Stopped' : 'Finished'} after step ${lastStep}${lost}`;
}

/** What is shown of an error that ended a run. @param snapshot the step that it can go on from */
export function failure(error: Error, { lastStep }: Recording, snapshot: number | undefined): string {
  const message = error.message || error.name;
  const lost = error.name === 'DeviceLostError' || error.name === 'NoAdapterError';
  if (!lost) return message;
  const from = snapshot === undefined ? 'begins at its start' : `goes on from step ${snapshot}`;
  // The job says so itself, unless the device went before its first step.
  const where = /last step read/.test(message) ? '' : `\nThe last step read was ${lastStep}.`;
  return `${message}${where}\nResume ${from}. Where no device comes up any more, restart the browser and come back to this page: the run is kept.`;
}

/** Where a run would go on. */
export function goesOn({ snapshot }: { readonly snapshot: { readonly step: number } | null }): string {
  return snapshot ? `the run goes on from step ${snapshot.step}` : 'the run begins at its start again';
}

export function pausedAt(recording: Recording | undefined): string {
  return `Paused at step ${recording?.lastStep ?? 0}`;
}

/** What was asked to be set of a run. */
export function changeText(change: AskedChange, recording: Recording | undefined): string {
  if ('batchSize' in change) return `Batch size set to ${change.batchSize}`;
  const whose = change.replica === undefined ? '' : ` of ${recording?.replicas[change.replica]}`;
  return `Learning rate${whose} set to ${change.learningRate}`;
}

/** What is to be read of a kept run that rests. @param elsewhere whether it goes on in another tab */
export function restText({ status, lastStep, snapshot, error }: RunRecord, elsewhere: boolean): string {
  if (elsewhere) return `This run goes on in another tab: shown up to step ${lastStep}`;
  const from = snapshot ? `from step ${snapshot.step}` : 'from its start';
  switch (status) {
    case 'running':
      return `Interrupted at step ${lastStep}: Resume goes on ${from}`;
    case 'failed':
      return `Ended with an error at step ${lastStep}: ${error ?? 'not known'}. Resume goes on ${from}`;
    case 'stopped':
      return `Stopped at step ${lastStep}${snapshot ? `: Resume goes on ${from}` : ''}`;
    case 'imported':
      return `Read from a file: ${lastStep} steps`;
    case 'diverged':
      return `Diverged at step ${lastStep}`;
    case 'finished':
      return `Finished at step ${lastStep}`;
  }
}
