/** The comment that a `.wgsl` file begins with, up to the first empty line or knob block, and what follows it. */
export function splitHeader(text: string): { header: string; rest: string } {
  const end = text.search(/^(?!\/\/ (?!knobs$))/m);
  return { header: text.slice(0, end), rest: text.slice(end) };
}
