/**
 * Ticks of a logarithmic axis between two positive numbers: powers of ten, with 2 and 5 where there is room, and round
 * steps where the axis spans less than a factor of two.
 */
export function logTicks(least: number, most: number): number[] {
  const decades = Math.log10(most / least);
  if (decades < 0.4) return linearTicks(least, most, 4);
  const every = Math.ceil(decades / 6);
  const factors = decades < 1.2 ? [1, 2, 3, 5] : decades < 3 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  const first = Math.floor(Math.log10(least) / every) * every;
  for (let exponent = first; 10 ** exponent <= most; exponent += every) {
    for (const factor of factors) {
      const tick = Number(`${factor}e${exponent}`);
      if (tick >= least && tick <= most) ticks.push(tick);
    }
  }
  return ticks;
}

/** Round ticks of a linear axis, about so many. */
export function linearTicks(least: number, most: number, count: number): number[] {
  const raw = (most - least) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const ticks: number[] = [];
  for (let k = Math.ceil(least / step); k * step <= most; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

/** The ends of an axis around the data, with some room; of a logarithmic one by a factor. */
export function axisRange(least: number | null, most: number | null, log: boolean): [number, number] {
  if (least === null || most === null || !Number.isFinite(least) || !Number.isFinite(most)) {
    return log ? [0.1, 10] : [0, 1];
  }
  if (log) {
    const room = Math.max((most / least) ** 0.06, 1.05);
    return [least / room, most * room];
  }
  const room = (most - least) * 0.06 || Math.abs(most) * 0.1 || 1;
  return [least - room, most + room];
}
