import { cpus, loadavg } from 'node:os';

/** When, on what, from which commit something was measured. */
export interface Machine {
  date: string;
  /** That this program was built from, wherever it runs; with a word where its sources had changes. */
  commit?: string;
  processors: string;
  /** Processes that wanted to run in the minute before. */
  load: number;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    ...(__BASIN_COMMIT__ === null
      ? {}
      : { commit: `${__BASIN_COMMIT__}${__BASIN_CHANGED__ ? ' with changes' : ''}` }),
    processors: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    load: loadavg()[0]!,
  };
}
