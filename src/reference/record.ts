/** The ring [slots, stride] after a step whose mean loss and statistics go to the slot `step` mod slots, in float64. */
export function record(
  ring: ArrayLike<number>,
  { slots, stride, step }: { slots: number; stride: number; step: number },
  losses: ArrayLike<number>,
  statistics: ArrayLike<number>,
): Float64Array {
  const next = Float64Array.from(ring);
  const slot = (step % slots) * stride;
  let total = 0;
  for (let b = 0; b < losses.length; b++) total += losses[b] as number;
  next[slot] = total / losses.length;
  for (let i = 0; i < statistics.length; i++) next[slot + 1 + i] = statistics[i] as number;
  return next;
}
