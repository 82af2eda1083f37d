/** Whether a tensor of a state dict is a count of batches, which is an integer. */
export function isCount(name: string): boolean {
  return name.endsWith('.num_batches_tracked');
}
