import type { Program } from './program.ts';

/**
 * Programs, one after the other, cut into so many parts of about as many dispatches each, so that each part can be a submit of its own.
 * @returns what appends each part to a pass
 */
export function inParts(
  programs: readonly Program[],
  parts: number,
): ((pass: GPUComputePassEncoder) => void)[] {
  const total = programs.reduce((sum, { dispatches }) => sum + dispatches.length, 0);
  const size = Math.max(1, Math.ceil(total / parts));
  return Array.from(
    { length: Math.max(1, Math.ceil(total / size)) },
    (_, part) => (pass: GPUComputePassEncoder) => {
      let from = part * size;
      for (const program of programs) {
        program.encode(pass, Math.max(0, from), from + size);
        from -= program.dispatches.length;
      }
    },
  );
}
