import type { KernelInterface } from '../../gpu/kernelSource.ts';
import { knobLiterals } from '../../gpu/specialise.ts';

/**
 * A kernel's text with these values in its block of knobs; every line stays where it is, so that what is said of a line is said of that of the text.
 * @throws if a knob is unknown, or a value is not of the knob's type
 */
export function placeKnobs(
  source: KernelInterface,
  code: string,
  knobs: Readonly<Record<string, number | boolean>>,
): string {
  return placeLiterals(code, knobLiterals(source, knobs));
}

/** The same with values as WGSL has them; a knob that is not named keeps what it has. */
export function placeLiterals(code: string, literals: ReadonlyMap<string, string>): string {
  return code.replace(/^\/\/ knobs\n[\s\S]*?^\/\/ end knobs$/m, (block) =>
    block.replace(/^(const (\w+)\s*:[^=]*=\s*)([^;]+);/gm, (whole, head: string, name: string) => {
      const literal = literals.get(name);
      return literal === undefined ? whole : `${head}${literal};`;
    }),
  );
}
