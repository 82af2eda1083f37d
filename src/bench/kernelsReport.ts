import type { AdapterInfo } from '../gpu/device.ts';

/** What a file of `basin bench kernels` begins with; a file with another tag is none, or of another version. */
export const KERNELS_FORMAT = 'basin-bench-kernels/1';

/** Milliseconds (or what the field that holds it says), over samples that were taken in rounds spread out in time. */
export interface Timing {
  /** One a round, in the order in which they were taken; each is the mean of as many runs as fill 20 ms. */
  readonly samples: readonly number[];
  readonly median: number;
  /** First and third quartile. */
  readonly q1: number;
  readonly q3: number;
  /**
   * What is printed behind the ±: the larger of the distances from the median to the first and last decile of the
   * rounds, but no less than the clock's grain.
   */
  readonly spread: number;
}

/** How time was taken. */
export interface ClockInfo {
  readonly kind: 'timestamp-query' | 'wall clock';
  /** Smallest step of the clock that was seen, in milliseconds. */
  readonly grain: number;
  /** Why the other clock was not taken, or what the times include; shown beside the table. */
  readonly note: string | null;
}

/** What this adapter can do at most, as measured before the kernels. */
export interface Ceilings {
  /** Fastest way found to move memory, in GB/s of bytes read and written. */
  readonly copyBandwidth: Ceiling;
  /** Independent chains of fma in registers, in GFLOP/s; an fma is two. */
  readonly fmaPeak: Ceiling;
  /** One more dispatch of an empty kernel in a pass, in µs. */
  readonly dispatchCost: Ceiling;
  /** From the submit of an empty pass to the news that it is done, in µs. */
  readonly submitLatency: Ceiling;
  /** From the submit of a four-byte copy to its bytes on the host, in µs. */
  readonly readbackLatency: Ceiling;
}

export interface Ceiling {
  readonly unit: 'GB/s' | 'GFLOP/s' | 'µs';
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
  readonly samples: readonly number[];
  /** How: the kernel and variant that was fastest. */
  readonly by: string;
}

export type LadderName =
  | 'matmul'
  | 'sum'
  | 'moments'
  | 'conv'
  | 'conv weight gradient'
  | 'attention'
  | 'MLP step';

/** One kernel that a row runs; several where a row needs several passes. */
export interface RowDispatch {
  /** Path below `shaders/`, without `.wgsl`. */
  readonly kernel: string;
  /** Values in place of the defaults of the file's knob block. */
  readonly knobs: Readonly<Record<string, number | boolean>>;
  readonly grid: readonly [number, number, number];
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroup memory of this variant, in bytes. */
  readonly workgroupBytes: number;
  /** float32 numbers that an invocation keeps summing into. */
  readonly accumulators: number;
}

/** One kernel at one shape. */
export interface KernelsRow {
  /** Stable between runs and adapters: what a comparison matches by. */
  readonly id: string;
  /** Folder below `shaders/` that the computation belongs to: `matmul`, `reduce`, `moments`, … */
  readonly family: string;
  /** What is computed: `NN`, `sum`, `weight gradient`. */
  readonly title: string;
  /** The shape in words. */
  readonly shape: string;
  /** Of a ladder. */
  readonly ladder: { readonly name: LadderName; readonly number: number; readonly title: string } | null;
  /** In the order in which they run; empty where planning or compiling failed. */
  readonly dispatches: readonly RowDispatch[];
  /** Largest error against float64, and what is allowed there; null where a number is missing. */
  readonly error: number | null;
  readonly tolerance: number;
  /** Differs from float64 by more than is allowed, or two runs differ in bits: it gets no time. */
  readonly wrong: boolean;
  /** Why it was not run: a feature that the adapter lacks, a compiler's message. */
  readonly failed: string | null;
  /** Creation of the pipelines on first use, in milliseconds; a browser's cache of earlier visits shortens it. */
  readonly compile: number | null;
  /** Runs in one sample. */
  readonly repeats: number;
  /** Milliseconds a run; null while it is not timed yet, wrong or failed. */
  readonly time: Timing | null;
  /** Of one run: the arithmetic that the formula asks for, whatever the kernel does. */
  readonly flops: number;
  /** Of one run: every operand read once and every result written once. */
  readonly bytes: number;
  /** flops ÷ bytes. */
  readonly intensity: number;
  readonly gflops: number | null;
  readonly gbs: number | null;
  readonly roofline: RooflineShare | null;
}

export interface RooflineShare {
  /** Of min(fma peak, bandwidth × intensity); above 1 where operands stay in a cache that the bandwidth's do not fit. */
  readonly share: number;
  /** Which ceiling lies over this intensity. */
  readonly bound: 'memory' | 'compute';
}

/** One version of a ladder, whether or not it ran here. */
export interface RungText {
  readonly number: number;
  readonly title: string;
  /** Kernel of its main pass: path below `shaders/`, without `.wgsl`. */
  readonly kernel: string;
  /** Why it is faster than the one before, or why it need not be. */
  readonly why: string;
}

export interface LadderText {
  readonly name: LadderName;
  /** What is computed. */
  readonly about: string;
  readonly rungs: readonly RungText[];
}

/** Times of a product over tile sizes. */
export interface HeatMap {
  readonly shape: string;
  readonly kernel: string;
  readonly flops: number;
  /** Knobs along the two axes, with their values. */
  readonly rows: { readonly knob: string; readonly values: readonly number[] };
  readonly columns: { readonly knob: string; readonly values: readonly number[] };
  /** A cell a pair of values, by rows; `time` as in a row. */
  readonly cells: readonly HeatMapCell[];
}

export interface HeatMapCell {
  readonly row: number;
  readonly column: number;
  readonly time: Timing | null;
  readonly gflops: number | null;
  /** Why there is no time: WRONG, or a compiler's message. */
  readonly failed: string | null;
}

/** What the job yields as its result, and a file holds. */
export interface KernelsReport {
  readonly format: typeof KERNELS_FORMAT;
  readonly adapter: AdapterInfo;
  /** Features of the device that the kernels may use. */
  readonly features: readonly string[];
  /** WebGPU implementation and version: `Chromium 150`. */
  readonly engine: string;
  readonly runtime: AdapterInfo['runtime'];
  /** Basin's version, and the commit it was built from where known. */
  readonly version: string;
  readonly commit: string | null;
  /** ISO 8601. */
  readonly date: string;
  readonly quick: boolean;
  readonly clock: ClockInfo;
  readonly ceilings: Ceilings;
  readonly rows: readonly KernelsRow[];
  readonly ladders: readonly LadderText[];
  /** null where it was not asked for. */
  readonly heatMap: HeatMap | null;
}

/** What `{ job: 'benchKernels' }` takes. */
export interface KernelsSpec {
  /** Only these families, by their names in rows. */
  readonly families?: readonly string[];
  /** Only rows whose id contains one of these. */
  readonly only?: readonly string[];
  /** Small shapes and few rounds: seconds in place of minutes, for trying it out; never for figures. */
  readonly quick?: boolean;
  /** Rounds over all rows, hence samples a row; 10 at least, 3 with `quick`. */
  readonly rounds?: number;
  /** With the tile sizes of a product (left out by default where families or rows are picked, and by `quick`). */
  readonly heatMap?: boolean;
  /** The commit it was built from, where the host knows it. */
  readonly commit?: string | null;
}

/** Beside `phase` and `progress`, a run yields these; a `row` with an id seen before replaces that row. */
export type KernelsEvent =
  | { readonly type: 'ceilings'; readonly ceilings: Ceilings; readonly clock: ClockInfo }
  | { readonly type: 'row'; readonly row: KernelsRow }
  | { readonly type: 'heatMap'; readonly heatMap: HeatMap };
