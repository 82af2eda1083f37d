import { type Options, optionsText, parseOptions } from './optionsText.ts';

/** An instrument as the form has it. */
export interface AskedInstrument {
  readonly type: string;
  /** As they are typed. */
  readonly options: string;
}

/** `eigenvalue every=100, examples=512; distance` as a list. */
export function splitInstruments(text: string): AskedInstrument[] {
  return text.split(';').flatMap((part) => {
    const [, type, options] = /^\s*(\S+)\s*(.*?)\s*$/.exec(part) ?? [];
    return type === undefined ? [] : [{ type, options: options ?? '' }];
  });
}

export function joinInstruments(asked: readonly AskedInstrument[]): string {
  return asked.map(({ type, options }) => (options === '' ? type : `${type} ${options}`)).join('; ');
}

/**
 * Instruments as a train.json has them; each without a schedule of its own is taken every so many steps.
 * @throws Error that says what is expected
 */
export function parseInstruments(text: string, every: number): (Options & { type: string })[] {
  return splitInstruments(text).map(({ type, options }) => {
    const given = parseOptions(options);
    const { at } = given;
    // A single step is a list too.
    const scheduled = typeof at === 'number' ? { ...given, at: [at] } : given;
    const own = ['every', 'at', 'log'].some((key) => Object.hasOwn(given, key));
    return { type, ...(own ? scheduled : { every, ...given }) };
  });
}

/** The same the other way round; null for what cannot be written so. */
export function instrumentsText(given: readonly Readonly<Record<string, unknown>>[]): string | null {
  const asked: AskedInstrument[] = [];
  for (const { type, at, ...rest } of given) {
    const single = Array.isArray(at) && at.length === 1 ? at[0] : at;
    const options = optionsText({ ...(single === undefined ? {} : { at: single }), ...rest });
    if (options === null || typeof type !== 'string') return null;
    asked.push({ type, options });
  }
  return joinInstruments(asked);
}
