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
  if (parts === 1 || total <= 1) {
    return [
      (pass) => {
        for (const program of programs) program.encode(pass);
      },
    ];
  }
  return Array.from({ length: Math.ceil(total / size) }, (_, part) => (pass: GPUComputePassEncoder) => {
    let before = 0;
    for (const program of programs) {
      const { length } = program.dispatches;
      const from = Math.max(0, part * size - before);
      const until = Math.min(length, (part + 1) * size - before);
      if (from < until) program.encode(pass, { from, until });
      before += length;
    }
  });
}
