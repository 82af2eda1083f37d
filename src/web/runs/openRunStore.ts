import { RunStore } from './runStore.ts';

/** The store of runs, or why there is none: some private windows have none. */
export async function openRunStore(
  onBlocked?: (why: string) => void,
): Promise<{ readonly store?: RunStore; readonly problem?: string }> {
  // Locks and ids are there on https and on this machine's own addresses only, as WebGPU is.
  if (!isSecureContext) {
    return {
      problem: 'Runs are kept where this page comes by https, or from this machine: here they are not.',
    };
  }
  try {
    return { store: await RunStore.open(onBlocked) };
  } catch (error) {
    const { name, message } = error as Error;
    return {
      problem: `This browser keeps no runs for this page (${message || name}): a run is gone when its tab is closed.`,
    };
  }
}
