/** Dimensions that a message prints; NumPy has at most 64, PyTorch's shapes are shorter by far. */
const SHOWN_DIMENSIONS = 16;

/** A shape as messages print it: [2, 3]. A very long one is cut. */
export function showShape(shape: readonly number[]): string {
  const cut = shape.length > SHOWN_DIMENSIONS ? `, … (${shape.length} dimensions)` : '';
  return `[${shape.slice(0, SHOWN_DIMENSIONS).join(', ')}${cut}]`;
}
