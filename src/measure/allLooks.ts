import type { Tensor } from '../ops/graph.ts';
import type { Look } from './quantity.ts';
import type { TracedBatch } from './tracedBatch.ts';

/**
 * The numbers of all looks at a batch that is all there is, as a training step's: one look after the other, in one trace.
 * @param batch for the looks after the first, and where the numbers are wanted
 * @throws if one of them takes the host between two looks, or finds what is neither a number nor a vector
 */
export function allLooks(what: string, first: Look, batch: TracedBatch): Readonly<Record<string, Tensor>> {
  const found: Record<string, Tensor> = {};
  for (let look: Look | undefined = first; look; look = look.next?.(batch)) {
    if (look.afterHost)
      throw new Error(`${what}: takes the host between two looks, and a step does not wait`);
    Object.assign(found, look.values?.(batch.graph));
  }
  for (const [name, { shape }] of Object.entries(found)) {
    if (shape.length > 1) {
      throw new Error(`${what}: ${name} is [${shape.join(', ')}], expected numbers or a vector of a step`);
    }
  }
  return found;
}
