import type { State } from '../gpu/state.ts';
import { constantOf } from '../ops/fill.ts';
import { type FlatLayout, gapsOf, packOp } from '../ops/flat.ts';
import { type Graph, type Node, rootOf, size, stateOf, type Tensor } from '../ops/graph.ts';
import { storeOp } from '../ops/state/store.ts';

/** Where a tensor is written directly: into a state, or into a flat vector that it is packed into. */
export interface Destination {
  readonly destination: State | Tensor;
  readonly offset: number;
}

/** Offset of a view in its root, in elements. */
export function viewOffset(tensor: Tensor): number {
  const { op, inputs } = tensor.node;
  return op.view ? op.view(tensor.node).offset + viewOffset(inputs[0]!) : 0;
}

/** For how long the elements from `from` to `to` of a destination hold a result: from the node that makes it to its last use. */
interface Tenancy {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
  readonly tenant: Tensor;
}

/**
 * Decides which results are written where they are wanted, so that gradients need no copy into the flat vector and
 * new state none into its buffer. A result is written early then, and lies where others may write: so not where
 *
 * - what the state held before is read up to the store, as an operand or by an op's attributes;
 * - the state is written, by another node or by another result that is placed in it, while the result is in use;
 * - one dispatch would bind a buffer for reading and for writing.
 */
export function placeResults(graph: Graph): ReadonlyMap<Tensor, Destination> {
  const { nodes } = graph;
  const targets = new Map<Tensor, Destination>();
  /** The flat vectors that each one is a part of. */
  const around = new Map<Tensor, readonly Tensor[]>();
  const tenants = new Map<State | Tensor, Tenancy[]>();
  const position = new Map<Node, number>(nodes.map((node, i) => [node, i]));
  const { users, reads, writes } = accesses(graph);

  const destinationOf = (tensor: Tensor): State | Tensor | null =>
    targets.get(rootOf(tensor))?.destination ?? null;

  const binds = (node: Node, destination: State | Tensor): boolean =>
    node.inputs.some((input) => stateOf(input) === destination || destinationOf(input) === destination) ||
    (node.op.reads?.(node.attributes).some((state) => state === destination) ?? false);

  /**
   * @param store the store that the result ends in, by flat vectors or directly
   * @param vectors the flat vectors that it is a part of
   */
  const place = (
    tensor: Tensor,
    user: Node,
    { destination, offset }: Destination,
    replicated: boolean,
    store: Node | null,
    vectors: readonly Tensor[],
  ): void => {
    const root = rootOf(tensor);
    const { node } = root;
    const made = !node.op.writes && !node.op.alias && constantOf(root) === null;
    // A part of a tensor has not the room of the whole.
    const isWhole = viewOffset(tensor) === 0 && size(tensor.shape) === size(root.shape);
    if (!made || !isWhole || root.replicated !== replicated || targets.has(root)) return;
    const from = position.get(node)!;
    const usersOf = users.get(root)!;
    const tenancy: Tenancy = {
      from: offset,
      to: offset + size(root.shape),
      first: from,
      last: position.get(usersOf.at(-1)!)!,
      tenant: root,
    };
    if ('buffer' in destination) {
      const until = position.get(user)!;
      const isRead = reads.get(destination)?.some((at) => at >= from && at < until);
      const isWritten = writes
        .get(destination)
        ?.some((at) => at >= from && at <= tenancy.last && nodes[at] !== store);
      if (isRead || isWritten) return;
    }
    const others = tenants.get(destination) ?? [];
    if (others.some((other) => !vectors.includes(other.tenant) && overlap(other, tenancy))) return;
    const feedsDestination = usersOf.some(({ outputs }) =>
      outputs.some((output) => targets.get(output)?.destination === destination),
    );
    // Two bindings that are written may not be one buffer, unless one binding serves both.
    const sharesBuffer = node.outputs.some(
      (output) => output !== root && destinationOf(output) === destination && !isJoined(node, output, root),
    );
    if (binds(node, destination) || feedsDestination || sharesBuffer) return;
    targets.set(root, { destination, offset });
    tenants.set(destination, [...others, tenancy]);
    around.set(root, vectors);
  };

  /** The store that a flat vector was placed for. */
  const storeOf = new Map<Tensor, Node>();
  for (const node of [...nodes].reverse()) {
    if (node.op === storeOp) {
      const state: State = node.attributes.state;
      const [x] = node.inputs as [Tensor];
      place(x, node, { destination: state, offset: 0 }, state.replicated, node, []);
      if (destinationOf(x) === state && !storeOf.has(rootOf(x))) storeOf.set(rootOf(x), node);
    }
    if (node.op === packOp) {
      const packed = node.outputs[0]!;
      const own = targets.get(packed) ?? { destination: packed, offset: 0 };
      const layout: FlatLayout = node.attributes.layout;
      const roots = node.inputs.map(rootOf);
      node.inputs.forEach((input, i) => {
        // What is packed twice is copied from where it is once; a flat vector's gaps are zero in a buffer of its own.
        const twice = roots.indexOf(roots[i]!) !== roots.lastIndexOf(roots[i]!);
        const { op, attributes } = roots[i]!.node;
        const isVector = op === packOp && gapsOf(attributes.layout).length > 0;
        if (twice || isVector) return;
        const target = { ...own, offset: own.offset + layout.entries[i]!.offset };
        const vectors = [packed, ...(around.get(packed) ?? [])];
        place(input, node, target, packed.replicated, storeOf.get(vectors.at(-1)!) ?? null, vectors);
      });
    }
  }
  separateHalfJoined(graph, targets);
  return targets;
}

/** Positions at which states are read and written, other than by results placed in them, and what uses each result. */
function accesses({ nodes }: Graph): {
  readonly users: ReadonlyMap<Tensor, readonly Node[]>;
  readonly reads: ReadonlyMap<State, readonly number[]>;
  readonly writes: ReadonlyMap<State, readonly number[]>;
} {
  const [users, reads, writes] = [
    new Map<Tensor, Node[]>(),
    new Map<State, number[]>(),
    new Map<State, number[]>(),
  ];
  const append = <K, V>(to: Map<K, V[]>, key: K, value: V): void => {
    const list = to.get(key);
    if (list) list.push(value);
    else to.set(key, [value]);
  };
  nodes.forEach((node, i) => {
    for (const root of new Set(node.inputs.map(rootOf))) append(users, root, node);
    const read = [
      ...node.inputs.map(stateOf).filter((state) => state !== null),
      ...(node.op.reads?.(node.attributes) ?? []),
    ];
    for (const state of new Set(read)) append(reads, state, i);
    for (const state of node.op.writes?.(node.attributes) ?? []) append(writes, state, i);
  });
  return { users, reads, writes };
}

function overlap(a: Tenancy, b: Tenancy): boolean {
  return a.from < b.to && b.from < a.to && a.first <= b.last && b.first <= a.last;
}

function isJoined({ op, outputs }: Node, a: Tensor, b: Tensor): boolean {
  return (op.joined ?? []).some((group) => [a, b].every((tensor) => group.includes(outputs.indexOf(tensor))));
}

/** Outputs that one binding serves lie in one buffer, or none of them is placed. */
function separateHalfJoined(graph: Graph, targets: Map<Tensor, Destination>): void {
  for (const node of graph.nodes) {
    for (const group of node.op.joined ?? []) {
      const outputs = group.map((i) => node.outputs[i]!);
      const destinations = new Set(outputs.map((output) => targets.get(output)?.destination));
      if (destinations.size > 1) for (const output of outputs) targets.delete(output);
    }
  }
}
