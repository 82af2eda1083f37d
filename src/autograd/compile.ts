import zeroGapsKernel from '../../shaders/flat/zeroGaps.wgsl';
import copyKernel from '../../shaders/structure/copy.wgsl';
import type { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { KernelCall } from '../gpu/kernelCall.ts';
import { type Dispatch, type Placement, Program } from '../gpu/program.ts';
import { aligned, State } from '../gpu/state.ts';
import { showValue } from '../host/showValue.ts';
import { constantOf } from '../ops/fill.ts';
import { type FlatLayout, gapsOf, packOp } from '../ops/flat.ts';
import { type Graph, type Node, rootOf, size, stateOf, type Tensor } from '../ops/graph.ts';
import { type KernelTarget, type Lowering, type Operand, type Scratch, UNUSED } from '../ops/op.ts';
import { linearGrid } from '../ops/plans/linearGrid.ts';
import { storeOp } from '../ops/state/store.ts';
import { fuse } from './fuse.ts';
import { maskPooled } from './maskPooled.ts';
import { placeResults, viewOffset } from './placement.ts';
import { expand, mergeCommon, removeDead } from './simplify.ts';

/** What a program is compiled with. */
export interface CompileOptions {
  readonly label: string;
  /** R, for all replicated tensors. */
  readonly replicas: number;
  /** Intermediate results lie here; programs that never run at once share it. */
  readonly arena: Arena;
  /**
   * To be ready as soon as can be: what takes long to compile begins with its stand-in, and is compiled when the program runs again.
   * Without it a loop over the program compiles nothing.
   */
  readonly soon?: boolean;
  /** An op a dispatch: what fusion is worth is measured so. */
  readonly unfused?: boolean;
  /** Takes the place of each call before anything is compiled: a kernel that is edited runs where the shipped one is planned. */
  readonly substitute?: ((call: KernelCall) => KernelCall) | undefined;
}

/** What the choice of kernels may depend on: the adapter's kind, subgroups, float16, and measured or recorded choices. */
export function kernelTarget(gpu: Gpu): KernelTarget {
  const subgroups = gpu.device.features.has('subgroups');
  const info = gpu.device.adapterInfo as { subgroupMinSize?: number; subgroupMaxSize?: number } | undefined;
  return {
    kind: gpu.info.software ? 'cpu' : 'gpu',
    subgroups,
    subgroupSize: subgroups ? (info?.subgroupMinSize ?? 0) : 0,
    largestSubgroup: info?.subgroupMaxSize,
    f16: gpu.device.features.has('shader-f16'),
    choices: gpu.kernels,
  };
}

/** Turns a trace into a recorded program: `optimise`, then `compileOptimised`. */
export function compile(gpu: Gpu, traced: Graph, options: CompileOptions): Promise<Program> {
  return compileOptimised(gpu, optimise(traced, options.unfused), options);
}

/** A trace as its kernels will compute it: ops made of others written out, common ones merged, dead ones dropped, others fused. */
export function optimise(traced: Graph, unfused = false): Graph {
  const simplified = removeDead(maskPooled(mergeCommon(expand(traced))));
  return unfused ? simplified : removeDead(fuse(simplified));
}

/**
 * Records what was optimised as a program: results are placed, lifetimes planned into the arena, kernels chosen from one
 * replica's shapes.
 * @throws with the op, the shapes and the limit where something does not fit; with its name if a state has not the program's
 *   replicas
 */
export async function compileOptimised(gpu: Gpu, graph: Graph, options: CompileOptions): Promise<Program> {
  requireReplicas(graph, options);
  const planner = new Planner(gpu, graph, options);
  try {
    planner.plan();
  } catch (error) {
    for (const buffer of planner.owned) buffer.destroy();
    throw error;
  }
  const writes = new Set(graph.nodes.flatMap(({ op, attributes }) => op.writes?.(attributes) ?? []));
  const { label, soon, substitute } = options;
  const dispatches = substitute
    ? planner.dispatches.map((dispatch) => ({ ...dispatch, call: substitute(dispatch.call) }))
    : planner.dispatches;
  return Program.record(gpu, label, dispatches, planner.owned, [...writes], soon);
}

/** Refuses states of another number of replicas: a kernel would read past the end of those that have fewer. */
function requireReplicas({ nodes }: Graph, { label, replicas }: CompileOptions): void {
  if (!(Number.isInteger(replicas) && replicas > 0)) {
    throw new Error(`program ${label}: ${replicas} replicas, expected a positive integer`);
  }
  for (const { op, inputs, attributes } of nodes) {
    const read = [
      ...inputs.map(stateOf),
      ...(op.reads?.(attributes) ?? []),
      ...(op.writes?.(attributes) ?? []),
    ];
    for (const state of read) {
      if (!state?.replicated || state.replicas === replicas) continue;
      throw new Error(
        `program ${label}: op ${op.name} takes ${state.label}, which has ${state.replicas} replicas; the program has ${replicas}`,
      );
    }
  }
}

/** Refuses an operand that is none; of a kernel of a user's own also a binding that is left out, which would be a dummy. */
function requireOperands(
  { source, grid }: KernelCall,
  operands: Readonly<Record<string, Operand | undefined>>,
  label: string,
): void {
  if (!source?.bindings) {
    throw new Error(
      `${label}: dispatch of no kernel${source instanceof Promise ? ': write await ops.kernel(…)' : ''}`,
    );
  }
  if (!(Array.isArray(grid) && grid.length === 2 && grid.every((n) => Number.isInteger(n) && n > 0))) {
    throw new Error(
      `${label}: kernel ${source.name} with the grid ${showValue(grid)}, expected workgroups [x, y]`,
    );
  }
  for (const { name } of source.bindings) {
    if (operands[name] !== undefined || !(name in operands || source.ofUser)) continue;
    throw new Error(`${label}: kernel ${source.name} is given nothing for its binding ${name}`);
  }
}

class Planner {
  readonly dispatches: Dispatch[] = [];
  /** Buffers that live and die with the program. */
  readonly owned: GPUBuffer[] = [];
  readonly #gpu: Gpu;
  readonly #graph: Graph;
  readonly #options: CompileOptions;
  readonly #target: KernelTarget;
  readonly #targets: ReturnType<typeof placeResults>;
  readonly #places = new Map<Tensor | Scratch, Placement>();
  readonly #lastUse = new Map<Tensor, number>();

  constructor(gpu: Gpu, graph: Graph, options: CompileOptions) {
    this.#gpu = gpu;
    this.#graph = graph;
    this.#options = options;
    this.#target = kernelTarget(gpu);
    this.#targets = placeResults(graph);
    graph.nodes.forEach((node, i) => {
      for (const input of node.inputs) this.#lastUse.set(rootOf(input), i);
    });
  }

  plan(): void {
    const { arena } = this.#options;
    const { nodes } = this.#graph;
    const vectors = this.#flatVectors();
    const held = new Map<GPUBuffer, number>();
    nodes.forEach((node, i) => {
      const scratch: GPUBuffer[] = [];
      for (const { vector, last } of vectors.get(node) ?? [])
        held.set(this.#allocateFlatVector(vector), last);
      if (!node.outputs[0] || constantOf(node.outputs[0]) === null) {
        for (const buffer of this.#allocateOutputs(node)) held.set(buffer, this.#lastUseOf(node, i));
        this.#lower(node, scratch, (buffer, tensor) => held.set(buffer, this.#lastUse.get(tensor) ?? i));
      }
      for (const buffer of scratch) arena.release(buffer);
      for (const [buffer, last] of held) {
        if (last > i) continue;
        held.delete(buffer);
        arena.release(buffer);
      }
    });
    for (const buffer of held.keys()) arena.release(buffer);
  }

  /** The flat vectors that need memory of their own, by the node that first writes in one, and the last position they are used at. */
  #flatVectors(): ReadonlyMap<Node, { readonly vector: Tensor; readonly last: number }[]> {
    const { nodes } = this.#graph;
    const parts = new Map<State | Tensor, Tensor[]>();
    for (const [tensor, { destination }] of this.#targets) {
      parts.set(destination, [...(parts.get(destination) ?? []), tensor]);
    }
    const position = new Map(nodes.map((node, i) => [node, i]));
    const begun = new Map<Node, { vector: Tensor; last: number }[]>();
    for (const node of nodes) {
      const [vector] = node.outputs;
      if (node.op !== packOp || !vector || this.#targets.has(vector)) continue;
      const tenants = [vector, ...(parts.get(vector) ?? [])];
      const first = Math.min(...tenants.map((tensor) => position.get(tensor.node)!));
      const last = Math.max(position.get(node)!, ...tenants.map((tensor) => this.#lastUse.get(tensor) ?? 0));
      const by = nodes[first]!;
      begun.set(by, [...(begun.get(by) ?? []), { vector, last }]);
    }
    return begun;
  }

  #lastUseOf(node: Node, position: number): number {
    return Math.max(position, ...node.outputs.map((output) => this.#lastUse.get(output) ?? position));
  }

  /** Flat vectors keep zeros between their tensors, so a buffer is lent to those of one layout alone. */
  #allocateFlatVector(vector: Tensor): GPUBuffer {
    const layout: FlatLayout = vector.node.attributes.layout;
    const replicas = vector.replicated ? this.#options.replicas : 1;
    const gaps = gapsOf(layout).map(({ start, end }) => `${start}-${end}`);
    const use = `flat ${replicas} × ${layout.length} without ${gaps}`;
    const buffer = this.#options.arena.acquire(4 * layout.length * replicas, use);
    this.#places.set(vector, { buffer, offset: 0, replicaStride: vector.replicated ? layout.length : 0 });
    return buffer;
  }

  /** Buffers taken from the arena for what the node makes; joined outputs share one. */
  #allocateOutputs(node: Node): GPUBuffer[] {
    if (node.op.view || node.op.alias || node.op === packOp) return [];
    const groups = [...(node.op.joined ?? [])];
    node.outputs.forEach((_, i) => {
      if (!groups.some((group) => group.includes(i))) groups.push([i]);
    });
    const taken: GPUBuffer[] = [];
    for (const group of groups) {
      const free = group.map((i) => node.outputs[i]!).filter((output) => !this.#targets.has(output));
      if (free.length === 0) continue;
      const offsets: number[] = [];
      const stride = free.reduce((total, output) => {
        offsets.push(total);
        return total + aligned(size(output.shape));
      }, 0);
      const replicated = free.some((output) => output.replicated);
      const buffer = this.#options.arena.acquire(4 * stride * (replicated ? this.#options.replicas : 1));
      taken.push(buffer);
      free.forEach((output, i) => {
        this.#places.set(output, { buffer, offset: offsets[i]!, replicaStride: replicated ? stride : 0 });
      });
    }
    return taken;
  }

  #placeOf(operand: Tensor | Scratch | State): Placement {
    if (operand instanceof State) {
      const { buffer, replicaStride, shape } = operand;
      return { buffer, offset: 0, replicaStride, shape, state: operand };
    }
    const { shape } = operand;
    if ('scratch' in operand) return { ...this.#places.get(operand)!, shape };
    const root = rootOf(operand);
    const offset = viewOffset(operand);
    const state = stateOf(root);
    if (state) return { ...this.#placeOf(state), offset, shape };
    const target = this.#targets.get(root);
    if (target) {
      const { destination } = target;
      const base = this.#placeOf(destination);
      return { ...base, offset: base.offset + target.offset + offset, shape };
    }
    const place = this.#places.get(root);
    if (!place)
      throw new Error(`op ${root.node.op.name}: its result has no place in program ${this.#options.label}`);
    return { ...place, offset: place.offset + offset, shape };
  }

  #lower(node: Node, scratch: GPUBuffer[], hold: (buffer: GPUBuffer, tensor: Tensor) => void): void {
    const { arena, replicas } = this.#options;
    const dispatch = (call: KernelCall, operands: Readonly<Record<string, Operand>>, label: string): void => {
      requireOperands(call, operands, label);
      const used = Object.entries(operands).filter(([, operand]) => operand !== UNUSED) as [
        string,
        Tensor | Scratch | State,
      ][];
      for (const [, operand] of used) {
        if (!(operand instanceof State) && !('scratch' in operand)) this.#materialise(operand, hold);
      }
      const replicated = used.some(([, operand]) => operand.replicated);
      for (const [name, operand] of used) {
        const { access } = call.source.bindings.find((binding) => binding.name === name) ?? {};
        if (access === 'read_write' && replicated && !operand.replicated && !(operand instanceof State)) {
          throw new Error(`${label}: every replica would write ${name}, which they share`);
        }
      }
      const places = Object.fromEntries(used.map(([name, operand]) => [name, this.#placeOf(operand)]));
      this.#check(call, places, label);
      this.dispatches.push({ label, call, operands: places, replicas: replicated ? replicas : 1 });
    };
    const copy = (from: Tensor, to: Placement, replicated: boolean): void => {
      this.#materialise(from, hold);
      const elements = size(from.shape);
      const label = `copy ${from.node.op.name}`;
      const call = { source: copyKernel, params: { elements }, grid: linearGrid(elements) };
      const places = { x: this.#placeOf(from), y: to };
      this.#check(call, places, label);
      this.dispatches.push({ label, call, operands: places, replicas: replicated ? replicas : 1 });
    };

    if (node.op === storeOp) {
      const state: State = node.attributes.state;
      const [x] = node.inputs as [Tensor];
      // A state that is stored into itself is there already.
      const isThere = stateOf(x) === state || this.#targets.get(rootOf(x))?.destination === state;
      if (!isThere) copy(x, this.#placeOf(state), state.replicated);
      return;
    }
    if (node.op === packOp) {
      const [packed] = node.outputs as [Tensor];
      const base = this.#placeOf(packed);
      const layout: FlatLayout = node.attributes.layout;
      node.inputs.forEach((input, i) => {
        const wanted = base.offset + layout.entries[i]!.offset;
        const place = constantOf(rootOf(input)) === null ? this.#placeOf(input) : null;
        if (place?.buffer === base.buffer && place.offset === wanted) return;
        copy(input, { ...base, offset: wanted, shape: input.shape }, packed.replicated);
      });
      if (this.#targets.get(packed)) this.#zeroGaps(layout, base, packed.replicated);
      return;
    }
    if (!node.op.lower) {
      if (node.op.view || node.op.alias) return;
      throw new Error(`op ${node.op.name} has neither a lower nor an expand, so nothing computes it`);
    }
    const written = new Set<Operand>();
    const to: Lowering = {
      target: this.#target,
      dispatch: (call, operands) => {
        dispatch(call, operands, node.op.name);
        for (const { name, access } of call.source.bindings) {
          if (access === 'read_write' && operands[name]) written.add(operands[name]);
        }
      },
      scratch: (shape, replicated) => {
        const stride = aligned(size(shape));
        const buffer = arena.acquire(4 * stride * (replicated ? replicas : 1));
        scratch.push(buffer);
        const made: Scratch = { scratch: scratch.length, shape, replicated };
        this.#places.set(made, { buffer, offset: 0, replicaStride: replicated ? stride : 0 });
        return made;
      },
      offset: (tensor) => this.#placeOf(tensor).offset,
    };
    node.op.lower({ ...node, node }, to);
    if (node.outputs.length > 0 && !node.outputs.some((output) => written.has(output))) {
      throw new Error(`op ${node.op.name}: no dispatch of its lower writes its output`);
    }
  }

  /** A state that a flat vector is placed in may hold anything between its tensors. */
  #zeroGaps(layout: FlatLayout, y: Placement, replicated: boolean): void {
    const gaps = gapsOf(layout);
    if (gaps.length === 0) return;
    const table = this.#gpu.device.createBuffer({
      label: `${this.#options.label} gaps`,
      size: 8 * gaps.length,
      usage: GPUBufferUsage.STORAGE,
      mappedAtCreation: true,
    });
    new Uint32Array(table.getMappedRange()).set(gaps.flatMap(({ start, end }) => [start, end]));
    table.unmap();
    this.owned.push(table);
    const longest = Math.max(...gaps.map(({ start, end }) => end - start));
    this.dispatches.push({
      label: 'pack',
      call: {
        source: zeroGapsKernel,
        params: { gaps: gaps.length, longest },
        grid: linearGrid(gaps.length * longest),
      },
      operands: { gap: { buffer: table, offset: 0, replicaStride: 0 }, y },
      replicas: replicated ? this.#options.replicas : 1,
    });
  }

  /** Constants are folded into ops where these can; where one is wanted as an operand it is made now. */
  #materialise(tensor: Tensor, hold: (buffer: GPUBuffer, tensor: Tensor) => void): void {
    const root = rootOf(tensor);
    if (constantOf(root) === null || this.#places.has(root)) return;
    const [buffer] = this.#allocateOutputs(root.node);
    hold(buffer!, root);
    this.#lower(root.node, [], hold);
  }

  #check(call: KernelCall, places: Readonly<Record<string, Placement>>, label: string): void {
    const written = new Set<GPUBuffer>();
    for (const { name, access } of call.source.bindings) {
      if (access === 'read_write' && places[name]) written.add(places[name].buffer);
    }
    for (const { name, access } of call.source.bindings) {
      if (access === 'read' && places[name] && written.has(places[name].buffer)) {
        throw new Error(
          `${label}: kernel ${call.source.name} would read ${name} from a buffer that it writes`,
        );
      }
    }
    for (const name of Object.keys(places)) {
      if (!call.source.bindings.some((binding) => binding.name === name)) {
        throw new Error(`${label}: kernel ${call.source.name} has no binding ${name}`);
      }
    }
  }
}
