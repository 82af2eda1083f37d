/** A number as typed. @throws Error that says what is expected, as all of these do */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new Error(`“${text.trim()}” is no number.`);
  return value;
}

/** A whole number from `least` to `most`, both included. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    const bounds = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new Error(`Expected a whole number ${bounds}, found ${text.trim()}.`);
  };
}

/** A number above `least`. */
export function above(least: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (value > least) return value;
    throw new Error(`Expected a number above ${least}, found ${text.trim()}.`);
  };
}

/** A number of at least `least`. */
export function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (value >= least) return value;
    throw new Error(`Expected a number of at least ${least}, found ${text.trim()}.`);
  };
}

/** A number from `least` up to, but not, `below`. */
export function within(least: number, below: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (value >= least && value < below) return value;
    throw new Error(`Expected a number from ${least} up to, but not, ${below}, found ${text.trim()}.`);
  };
}

/** Values separated by commas or blanks; none for an empty field. */
export function list(text: string, parse: (item: string) => number): number[] {
  return text.split(/[\s,;]+/).flatMap((item) => (item === '' ? [] : [parse(item)]));
}

/** At least one value, none twice. @param what a value is, with its article */
export function several(values: number[], what: string): number[] {
  if (values.length === 0) throw new Error(`Expected ${what}, or several separated by commas.`);
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) throw new Error(`${twice} is listed twice.`);
  return values;
}
