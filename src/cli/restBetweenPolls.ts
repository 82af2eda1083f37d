/** Milliseconds between two polls: a timer's least. */
const REST = 1;

/** A native function without a name, as Dawn gives them to `setImmediate`; a bound one is called `bound …`. */
function isPoll(given: unknown): boolean {
  return (
    typeof given === 'function' &&
    given.name === '' &&
    /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(given))
  );
}

/**
 * Lets the main thread sleep while it waits for Dawn. While a promise of its own is pending Dawn polls through the global
 * `setImmediate`, again and again without a pause, which takes a whole core: from a software adapter it is one of those that
 * compute. Such a poll comes a millisecond later instead; all else that calls `setImmediate` is as it was. `measure` of a
 * perceptron on 2,048 images: 12.5 s before, 6.6 s so (two cores, SwiftShader, webgpu 0.6.2, 2026-11-27).
 *
 * To be dropped when the package waits by itself.
 */
export function restBetweenPolls(): void {
  const { setImmediate: original } = globalThis;
  if ('rests' in original) return;
  const resting = ((callback: () => void, ...values: unknown[]) =>
    isPoll(callback)
      ? setTimeout(callback, REST, ...(values as []))
      : original(callback, ...(values as []))) as unknown as typeof setImmediate;
  globalThis.setImmediate = Object.assign(resting, original, { rests: true });
}
