/**
 * A result as JSON can hold it: numbers that are not finite are null, and their keys are told, so that no null is without a reason.
 * @returns the result, and each key with such numbers, with how many of how many in a list
 */
export function withoutNonFinite<T>(result: T): { result: T; keys: string[] } {
  const keys: string[] = [];
  const clean = (value: unknown, key: string): unknown => {
    if (typeof value === 'number') {
      if (Number.isFinite(value)) return value;
      keys.push(key);
      return null;
    }
    if (Array.isArray(value)) {
      if (!value.every((item) => typeof item === 'number'))
        return value.map((item, i) => clean(item, `${key}.${i}`));
      const bad = value.filter((item) => !Number.isFinite(item)).length;
      if (bad > 0) keys.push(`${key} (${bad} of ${value.length})`);
      return bad > 0 ? value.map((item) => (Number.isFinite(item) ? item : null)) : value;
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, clean(item, key === '' ? name : `${key}.${name}`)]),
    );
  };
  return { result: clean(result, '') as T, keys };
}
