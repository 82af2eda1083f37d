import type { AdapterInfo } from '../gpu/device.ts';

/** What a page shows of a result of `basin bench peers`, `step` or `sweep`. */
export interface LibraryResult {
  readonly bench: string;
  /** ISO 8601. */
  readonly date: string;
  readonly commit: string;
  readonly processors: string;
  /** Of the machine before it began: beside other work times are too long, their quotients less so. */
  readonly load: number;
  readonly runtime: string;
  readonly adapter: string;
  readonly software: boolean;
  readonly libraries: readonly { readonly key: string; readonly name: string; readonly version?: string }[];
  readonly cases: readonly LibraryCase[];
}

export interface LibraryCase {
  readonly name: string;
  /** Milliseconds by library; left out where it has no such thing. */
  readonly times: Readonly<Record<string, LibraryTime>>;
}

export interface LibraryTime {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly dispatches: number;
  readonly wrong: boolean;
}

interface Written {
  readonly bench: string;
  readonly date: string;
  readonly commit: string;
  readonly processors: string;
  readonly load: number;
  readonly runs: readonly {
    readonly version: string;
    readonly adapter: AdapterInfo;
    readonly implementations: Readonly<
      Record<string, { readonly name: string; readonly version?: string; readonly device: string }>
    >;
    readonly cases: readonly {
      readonly case: { readonly key: string };
      readonly timings: readonly {
        readonly key: string;
        readonly dispatches?: number;
        readonly wrong?: boolean;
        readonly time?: { readonly median: number; readonly min: number; readonly max: number };
      }[];
    }[];
  }[];
}

/** The figures of a file as it was written, without samples and profiles: a twentieth of it. */
export function summariseResult(json: unknown): LibraryResult {
  const { bench, date, commit, processors, load, runs } = json as Written;
  const { version, adapter, implementations, cases } = runs[0]!;
  const short = (value: number): number => Number(value.toPrecision(5));
  const timed = new Set(
    cases.flatMap(({ timings }) => timings.filter(({ time }) => time).map(({ key }) => key)),
  );
  return {
    bench,
    date,
    commit,
    processors,
    load,
    runtime: version,
    adapter: implementations.basin!.device,
    software: adapter.software,
    libraries: Object.entries(implementations)
      .filter(([key]) => timed.has(key))
      .map(([key, { name, version }]) => ({ key, name, ...(version ? { version } : {}) })),
    cases: cases.map(({ case: { key: name }, timings }) => ({
      name,
      times: Object.fromEntries(
        timings.flatMap(({ key, time, dispatches = 0, wrong = false }) =>
          time
            ? [
                [
                  key,
                  {
                    median: short(time.median),
                    min: short(time.min),
                    max: short(time.max),
                    dispatches,
                    wrong,
                  },
                ],
              ]
            : [],
        ),
      ),
    })),
  };
}
