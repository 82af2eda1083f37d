/** The command line's option for a part of a protocol: batchSizes → batch-sizes. */
export function partOption(part: string): string {
  return part.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
