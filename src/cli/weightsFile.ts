import type { WeightsFile } from '../jobs/landscape/landscapeSpec.ts';

/**
 * A file of weights as the command line names it: a path, or "path#prefix" for the tensors under that prefix, such as "run.safetensors#swa.".
 * The last # counts; a path that holds one itself is written with another at its end.
 */
export function weightsFile(text: string): WeightsFile {
  const at = text.lastIndexOf('#');
  return at < 0 ? text : { weights: text.slice(0, at), prefix: text.slice(at + 1) };
}
