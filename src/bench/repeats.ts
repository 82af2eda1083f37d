/** A sample lasts at least so many milliseconds: the clock's grain and the submit are a small part of it. */
const SAMPLE = 20;
const MOST_REPEATS = 2 ** 15;
const WARM_UPS = 3;

/**
 * How often something must run in one pass to fill a sample, and what a run takes then; at least three passes warm it up
 * on the way.
 * @param time milliseconds that so many runs take
 */
export async function fillingRepeats(
  time: (repeats: number) => Promise<number>,
): Promise<{ repeats: number; milliseconds: number }> {
  let repeats = 1;
  for (let pass = 1; ; pass++) {
    const lasted = await time(repeats);
    const full = lasted >= SAMPLE || repeats >= MOST_REPEATS;
    if (full && pass >= WARM_UPS) return { repeats, milliseconds: lasted / repeats };
    if (full) continue;
    // Aims a little past the goal, and never trusts a short sample with more than a tenfold step.
    const factor = Math.min(10, (1.2 * SAMPLE) / Math.max(lasted, 1e-3));
    repeats = Math.min(MOST_REPEATS, Math.max(repeats + 1, Math.ceil(repeats * factor)));
  }
}
