import { size } from '../../src/ops/graph.ts';
import { Draw } from './draw.ts';
import type { GraphCase } from './graphArbitrary.ts';
import { invalidCalls } from './invalidCalls.ts';
import { namesStaleRead, staleReads } from './staleReads.ts';
import { steps } from './steps/steps.ts';
import { storeSomewhere } from './steps/structure.ts';
import type { Tracing } from './tracing.ts';

/** What must become of a trace. */
export type Expectation =
  | { readonly kind: 'runs' }
  /** Refused by an error that names one of these. `at` is what the engine has said so far. */
  | { readonly kind: 'refused'; readonly names: readonly string[]; readonly error: Error | null }
  /** Refused or right: what is wrong in it reaches no state. */
  | { readonly kind: 'either' };

/** Results that nothing uses are stored, so that they are seen: so many of the newest. */
const SEEN = 5;

/** Traces a case. @throws what the engine throws where it must not. */
export function build(tracing: Tracing, { steps: drawn, invalid }: GraphCase): Expectation {
  for (const { name, draws } of drawn) {
    if (tracing.full) break;
    try {
      steps[name]!(tracing, new Draw(draws));
    } catch (error) {
      // A gradient may ask for what a state held before it was written: the step ends there, the graph goes on.
      if (!namesStaleRead(tracing.graph, error as Error)) throw error;
    }
  }
  storeUnused(tracing);
  const stale = staleReads(tracing.graph);
  if (stale.live.length > 0) {
    const names = stale.live.map(({ op }) => op.name);
    return { kind: 'refused', names, error: null };
  }
  if (invalid) {
    const expected = invalidCalls[invalid.name]!;
    let error: Error | null = null;
    try {
      expected.call(tracing, new Draw(invalid.draws));
    } catch (thrown) {
      error = thrown as Error;
    }
    return { kind: 'refused', names: expected.names, error };
  }
  return { kind: stale.dead.length > 0 ? 'either' : 'runs' };
}

function storeUnused(tracing: Tracing): void {
  const used = new Set(tracing.graph.nodes.flatMap((node) => node.inputs));
  const unused = tracing.tensors((t) => !used.has(t) && t.node.op.name !== 'read' && size(t.shape) > 0);
  for (const [i, tensor] of unused.slice(0, SEEN).entries()) {
    // A state that is there would be written again: now and then.
    if (!tracing.isStale(tensor)) storeSomewhere(tracing, new Draw([i === 0 ? 99 : 0]), tensor);
  }
}
