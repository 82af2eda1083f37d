import type { KernelSource } from './kernelSource.ts';

const KNOB_BLOCK = /^\/\/ knobs\n[\s\S]*?^\/\/ end knobs$/m;

/**
 * The WGSL text of one variant: the knob block rewritten with the given values, then every loop marked `// unroll`
 * written out. Tint does not unroll loops, and a register tile indexed by a loop variable lives in memory.
 * @throws if a knob is unknown, or a value is not of the knob's type.
 */
export function specialise(
  source: KernelSource,
  knobs: Readonly<Record<string, number | boolean>> = {},
): string {
  for (const name of Object.keys(knobs)) {
    if (!(name in source.knobs)) {
      throw new Error(
        `kernel ${source.name}: unknown knob ${name}, expected one of ${Object.keys(source.knobs).join(', ')}`,
      );
    }
  }
  const values = new Map<string, number>();
  const lines = Object.entries(source.knobs).map(([name, { type, value }]) => {
    const given = knobs[name];
    const literal = given === undefined ? value : wgslLiteral(source, name, type, given);
    values.set(name, Number.parseFloat(literal));
    return `const ${name}: ${type} = ${literal};`;
  });
  const code = source.code.replace(KNOB_BLOCK, () => `// knobs\n${lines.join('\n')}\n// end knobs`);
  return unroll(code, values, source.name);
}

function wgslLiteral(source: KernelSource, knob: string, type: string, value: number | boolean): string {
  const fits =
    type === 'bool' ? typeof value === 'boolean' : typeof value === 'number' && Number.isFinite(value);
  if (!fits) throw new Error(`kernel ${source.name}: knob ${knob} is ${value}, expected a ${type}`);
  if (type === 'bool') return String(value);
  if (type === 'f32') return `f32(${value})`;
  return type === 'u32' ? `${value}u` : `${value}`;
}

const LOOP = /^([ \t]*)\/\/ unroll\n[ \t]*for \(var (\w+) = 0u; \2 < (\w+); \2\+\+\) \{/m;

function unroll(code: string, constants: ReadonlyMap<string, number>, kernel: string): string {
  let text = code;
  for (let match = LOOP.exec(text); match; match = LOOP.exec(text)) {
    const [head, indent, variable, bound] = match as unknown as [string, string, string, string];
    const count = /^\d+u?$/.test(bound) ? Number.parseInt(bound, 10) : constants.get(bound);
    if (count === undefined || Number.isNaN(count)) {
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

/** Index of the brace that closes the block opened just before `start`. */
function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let i = start; i < text.length; i++) {
    if (text[i] === '{') depth++;
    if (text[i] === '}' && --depth === 0) return i;
  }
  throw new Error('unbalanced braces in a loop marked // unroll');
}
