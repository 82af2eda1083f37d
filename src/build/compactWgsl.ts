/** Comments that mean something to `specialise`. */
const MARKERS = new Set(['// knobs', '// end knobs', '// unroll']);

/**
 * A kernel's text without comments, indentation and empty lines, for what is shipped: the prose of the headers is half of
 * what the kernels weigh when gzipped.
 */
export function compactWgsl(code: string): string {
  return code
    .split('\n')
    .map((line) => line.trim())
    .map((line) => (MARKERS.has(line) ? line : line.replace(/\/\/.*$/, '').trimEnd()))
    .filter((line) => line !== '')
    .join('\n');
}
