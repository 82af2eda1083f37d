/** A value as it is written in a field: a number, true or false, numbers with `|` between them, or a word. */
type Value = number | boolean | string | readonly number[];

export type Options = Readonly<Record<string, Value>>;

/**
 * `start = 20, every = 5` as an object. @throws Error that says what is expected
 */
export function parseOptions(text: string): Options {
  const options: Record<string, Value> = {};
  for (const part of text.replace(/\s*=\s*/g, '=').split(/[\s,]+/)) {
    if (part === '') continue;
    const [, key, value] = /^([A-Za-z_0-9]+)=(.+)$/.exec(part) ?? [];
    if (key === undefined || value === undefined)
      throw new Error(`“${part}” is not of the form name=value, as in start=20, every=5.`);
    if (Object.hasOwn(options, key)) throw new Error(`${key} is given twice.`);
    options[key] = parseValue(value);
  }
  return options;
}

function parseValue(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true';
  const items = text.split('|');
  const numbers = items.map(Number);
  if (items.some((item, i) => item === '' || !Number.isFinite(numbers[i]))) return text;
  return numbers.length === 1 ? numbers[0]! : numbers;
}

/** The same the other way round; null for what cannot be written so. */
export function optionsText(options: Readonly<Record<string, unknown>>): string | null {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const text = valueText(value);
    if (text === null) return null;
    parts.push(`${key}=${text}`);
  }
  return parts.join(', ');
}

function valueText(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string')
    return /^[\w.?&-]+$/.test(value) && parseValue(value) === value ? value : null;
  const numbers = Array.isArray(value) && value.length > 1 && value.every((item) => typeof item === 'number');
  return numbers ? (value as number[]).join('|') : null;
}
