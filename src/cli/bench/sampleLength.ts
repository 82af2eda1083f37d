/** What a sample of one implementation is. */
export interface SampleLength {
  /** Repetitions in a sample. */
  readonly times: number;
  /** Untimed repetitions before it. */
  readonly before: number;
  /** Samples at most, one a round. */
  readonly samples: number;
}

/** Milliseconds that a sample lasts at most, if a repetition does not. */
const LONGEST = 1000;
/** Untimed repetitions before a sample. */
const WARM_UP = 2;
/** Samples of whoever takes longer than `LONGEST` for a repetition. */
const FEW = 3;
/** Milliseconds; whoever takes longer for a repetition has one sample. */
const SLOW = 10_000;

/**
 * A sample's length by how long an implementation took at first: the case's own for the quick, so that ours and the best of the
 * others are alike; fewer repetitions and samples for the slow, so that one that is fifty times slower does not take fifty times as long.
 * @param times repetitions in a sample of the case
 * @param each milliseconds of a repetition in the first run
 */
export function sampleLength(times: number, each: number): SampleLength {
  if (each > LONGEST) return { times: 1, before: 0, samples: each > SLOW ? 1 : FEW };
  return {
    times: Math.min(times, Math.max(1, Math.floor(LONGEST / each))),
    before: WARM_UP,
    samples: Number.POSITIVE_INFINITY,
  };
}
