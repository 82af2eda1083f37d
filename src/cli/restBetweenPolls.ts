/** Milliseconds of a timer: it cannot be shorter. */
const TIMER = 1;
/** How much longer a wait may last for being asked about now and then only, as a share of what it has lasted. */
const SHARE = 0.1;
/** Milliseconds that are not worth falling asleep for. */
const SHORTEST = 0.02;

/** Nothing ever wakes it: a wait for it is a pause, of less than a timer has. */
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** A native function without a name, as Dawn gives them to `setImmediate`; a bound one is called `bound …`. */
function isPoll(given: unknown): given is () => void {
  return (
    typeof given === 'function' &&
    given.name === '' &&
    /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(given))
  );
}

/**
 * Lets the main thread sleep while it waits for Dawn. While a promise of its own is pending Dawn polls through the global
 * `setImmediate`, again and again without a pause, which takes a whole core: from a software adapter it is one of those that
 * compute. Such a poll comes later instead, by a tenth of the time that was waited so far and at most a millisecond, so that
 * a short wait stays short; all else that calls `setImmediate` is as it was. On two cores with SwiftShader (webgpu 0.6.2,
 * 2026-11-27): `measure` of a perceptron on 2,048 images 12.5 s before, 6.6 s so; the main thread idle for 96 % of a sweep
 * of 16 runs; 256 bytes read back in 0.05 to 0.3 ms, 1.1 ms with a timer each time.
 *
 * To be dropped when the package waits by itself.
 */
export function restBetweenPolls(): void {
  const { setImmediate: original } = globalThis;
  if ('rests' in original) return;
  /** When the wait under way began; undefined between waits. */
  let began: number | undefined;
  let goesOn = false;
  const pollLater = (poll: () => void) => {
    goesOn = true;
    began ??= performance.now();
    const rest = Math.min(TIMER, SHARE * (performance.now() - began));
    const polling = (): void => {
      goesOn = false;
      poll();
      if (!goesOn) began = undefined;
    };
    if (rest === TIMER) return setTimeout(polling, TIMER);
    if (rest >= SHORTEST) Atomics.wait(sleeper, 0, 0, rest);
    return original(polling);
  };
  const resting = ((callback: () => void, ...values: unknown[]) =>
    isPoll(callback)
      ? pollLater(callback)
      : original(callback, ...(values as []))) as unknown as typeof setImmediate;
  globalThis.setImmediate = Object.assign(resting, original, { rests: true });
}
