import type { KernelInterface } from './kernelSource.ts';

const KNOB_BLOCK = /^\/\/ knobs\n[\s\S]*?^\/\/ end knobs$/m;

/**
 * The values of a variant's knobs as WGSL literals, in the file's order; what is not given has its default.
 * @throws if a knob is unknown, or a value is not of the knob's type.
 */
export function knobLiterals(
  source: KernelInterface,
  knobs: Readonly<Record<string, number | boolean>> = {},
): ReadonlyMap<string, string> {
  for (const name of Object.keys(knobs)) {
    if (!(name in source.knobs)) {
      throw new Error(
        `kernel ${source.name}: unknown knob ${name}, expected one of ${Object.keys(source.knobs).join(', ')}`,
      );
    }
  }
  return new Map(
    Object.entries(source.knobs).map(([name, { type, value }]) => {
      const given = knobs[name];
      return [name, given === undefined ? value : wgslLiteral(source, name, type, given)];
    }),
  );
}

/**
 * The WGSL text of one variant: the knob block of `code` rewritten with the given values, then every loop marked `// unroll`
 * written out. Tint does not unroll loops, and a register tile indexed by a loop variable lives in memory.
 * @param code the kernel's text
 * @throws as `knobLiterals` does; if a marked loop runs to what is no knob and no number
 */
export function specialise(
  source: KernelInterface,
  code: string,
  knobs: Readonly<Record<string, number | boolean>> = {},
): string {
  const literals = knobLiterals(source, knobs);
  const lines = [...literals].map(
    ([name, literal]) => `const ${name}: ${source.knobs[name]!.type} = ${literal};`,
  );
  const variant = code.replace(KNOB_BLOCK, () => `// knobs\n${lines.join('\n')}\n// end knobs`);
  const values = new Map([...literals].map(([name, literal]) => [name, Number.parseFloat(literal)]));
  return unroll(variant, values, source.name);
}

function wgslLiteral(source: KernelInterface, knob: string, type: string, value: number | boolean): string {
  const fits =
    type === 'bool' ? typeof value === 'boolean' : typeof value === 'number' && Number.isFinite(value);
  if (!fits) throw new Error(`kernel ${source.name}: knob ${knob} is ${value}, expected a ${type}`);
  if (type === 'bool') return String(value);
  if (type === 'f32') return `f32(${value})`;
  return type === 'u32' ? `${value}u` : `${value}`;
}

const LOOP = /^([ \t]*)\/\/ unroll\n[ \t]*for \(var (\w+) = 0u; \2 < ([^;]+); \2\+\+\) \{/m;

function unroll(code: string, constants: ReadonlyMap<string, number>, kernel: string): string {
  let text = code;
  for (let match = LOOP.exec(text); match; match = LOOP.exec(text)) {
    const [head, indent, variable, bound] = match as unknown as [string, string, string, string];
    const count = boundOf(bound, text, constants);
    if (Number.isNaN(count)) {
      throw new Error(`kernel ${kernel}: cannot unroll a loop to ${bound}: it is no knob and no number`);
    }
    const start = match.index + head.length;
    const end = closingBrace(text, start);
    const body = text.slice(start, end);
    const name = new RegExp(`\\b${variable}\\b`, 'g');
    const copies = Array.from({ length: count }, (_, i) => `${indent}{${body.replace(name, `${i}u`)}}`);
    text = text.slice(0, match.index) + copies.join('\n') + text.slice(end + 1);
  }
  return text;
}

/** A number or a knob, a difference of them, or an element of a constant list of them: `CHUNKS[LAYERS - 1u]`. NaN for all else. */
function boundOf(bound: string, code: string, constants: ReadonlyMap<string, number>): number {
  const [, list, index] = /^(\w+)\[(.+)\]$/.exec(bound) ?? [];
  if (list) {
    const items = new RegExp(`^const ${list} ?= ?array<u32, ?\\d+>\\((.*)\\);`, 'm')
      .exec(code)?.[1]
      ?.split(/, ?/);
    return boundOf(items?.[boundOf(index!, code, constants)] ?? '', code, constants);
  }
  const [first, ...others] = bound
    .split(/ ?- ?/)
    .map((term) => constants.get(term) ?? (/^\d+u?$/.test(term) ? Number.parseInt(term, 10) : Number.NaN));
  return others.reduce((left, term) => left - term, first!);
}

/** Index of the brace that closes the block opened just before `start`. */
function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let i = start; i < text.length; i++) {
    if (text[i] === '{') depth++;
    if (text[i] === '}' && --depth === 0) return i;
  }
  throw new Error('unbalanced braces in a loop marked // unroll');
}
