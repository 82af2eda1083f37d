import type { State } from '../gpu/state.ts';
import { constantOf } from '../ops/fill.ts';
import { type FlatLayout, packOp } from '../ops/flat.ts';
import { type Graph, type Node, size, type Tensor } from '../ops/graph.ts';
import { stateOf } from '../ops/leaf.ts';
import { storeOp } from '../ops/store.ts';

/** Where a tensor is written directly: into a state, or into a flat vector that it is packed into. */
export interface Target {
  readonly destination: State | Tensor;
  readonly offset: number;
}

/** The tensor whose memory this one is a view of. */
export function rootOf(tensor: Tensor): Tensor {
  return tensor.node.op.view ? rootOf(tensor.node.inputs[0]!) : tensor;
}

/** Offset of a view in its root, in elements. */
export function viewOffset(tensor: Tensor): number {
  const { op, inputs } = tensor.node;
  return op.view ? op.view(tensor.node).offset + viewOffset(inputs[0]!) : 0;
}

/**
 * Decides which results are written where they are wanted, so that gradients need no copy into the flat vector and
 * new state none into its buffer. A result is not placed where its kernel, or one in between, reads what lies there:
 * one dispatch may not bind a buffer for reading and for writing.
 */
export function placeResults(graph: Graph): ReadonlyMap<Tensor, Target> {
  const targets = new Map<Tensor, Target>();
  const position = new Map<Node, number>(graph.nodes.map((node, i) => [node, i]));
  const packs = new Map<Tensor, Tensor[]>();

  const destinationOf = (tensor: Tensor): State | Tensor | null =>
    targets.get(rootOf(tensor))?.destination ?? null;

  const touches = (node: Node, destination: State | Tensor): boolean =>
    node.inputs.some((input) => stateOf(input) === destination || destinationOf(input) === destination) ||
    (node.op.writes?.(node.attributes).some((state) => state === destination) ?? false);

  const place = (
    tensor: Tensor,
    user: Node,
    destination: State | Tensor,
    offset: number,
    replicated: boolean,
  ): boolean => {
    const root = rootOf(tensor);
    const { node } = root;
    const made = !node.op.writes && node.op.name !== 'read' && constantOf(root) === null;
    // A part of a tensor has not the room of the whole.
    const isWhole = viewOffset(tensor) === 0 && size(tensor.shape) === size(root.shape);
    if (!made || !isWhole || root.replicated !== replicated || targets.has(root)) return false;
    const from = position.get(node)!;
    const until = position.get(user)!;
    const isState = 'buffer' in destination;
    // A flat vector under construction is read by no one; a state may be, anywhere in between.
    const busy = isState && graph.nodes.slice(from, until).some((other) => touches(other, destination));
    const readsDestination = node.inputs.some((input) => destinationOf(input) === destination);
    const feedsDestination = graph.nodes.some(
      (other) =>
        other !== user &&
        other.inputs.some((input) => rootOf(input) === root) &&
        other.outputs.some((output) => targets.get(output)?.destination === destination),
    );
    // Two bindings that are written may not be one buffer, unless one binding serves both.
    const sharesBuffer = node.outputs.some(
      (output) => output !== root && destinationOf(output) === destination && !isJoined(node, output, root),
    );
    if (busy || readsDestination || feedsDestination || sharesBuffer) return false;
    targets.set(root, { destination, offset });
    return true;
  };

  for (const node of [...graph.nodes].reverse()) {
    if (node.op === storeOp) {
      const state: State = node.attributes.state;
      place(node.inputs[0]!, node, state, 0, state.replicated);
    }
    if (node.op === packOp) {
      const packed = node.outputs[0]!;
      const own = targets.get(packed);
      const layout: FlatLayout = node.attributes.layout;
      const placed = node.inputs.filter((input, i) =>
        place(
          input,
          node,
          own?.destination ?? packed,
          (own?.offset ?? 0) + layout.entries[i]!.offset,
          packed.replicated,
        ),
      );
      packs.set(packed, placed);
    }
  }
  separateHalfJoined(graph, targets);
  return targets;
}

function isJoined({ op, outputs }: Node, a: Tensor, b: Tensor): boolean {
  return (op.joined ?? []).some((group) => [a, b].every((tensor) => group.includes(outputs.indexOf(tensor))));
}

/** Outputs that one binding serves lie in one buffer, or none of them is placed. */
function separateHalfJoined(graph: Graph, targets: Map<Tensor, Target>): void {
  for (const node of graph.nodes) {
    for (const group of node.op.joined ?? []) {
      const outputs = group.map((i) => node.outputs[i]!);
      const destinations = new Set(outputs.map((output) => targets.get(output)?.destination));
      if (destinations.size > 1) for (const output of outputs) targets.delete(output);
    }
  }
}
