/** Where two values of JSON differ, and what each has there. */
export interface Difference {
  /** Keys and places in lists, joined by dots: `optimizer.lr`, `replicas.1.seed`. */
  readonly path: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** The first place where two values of JSON differ, in the order of the first's keys; null where they are alike. */
export function firstDifference(a: unknown, b: unknown, path = ''): Difference | null {
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) {
    return Object.is(a, b) ? null : { path, a, b };
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const within = firstDifference(a[key], b[key], path === '' ? key : `${path}.${key}`);
    if (within) return within;
  }
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
