import copyKernel from '../../shaders/structure/copy.wgsl';
import type { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { KernelCall } from '../gpu/kernelCall.ts';
import { type Dispatch, type Placement, Program } from '../gpu/program.ts';
import { aligned, State } from '../gpu/state.ts';
import { constantOf } from '../ops/fill.ts';
import { type FlatLayout, packOp } from '../ops/flat.ts';
import { type Graph, type Node, size, type Tensor } from '../ops/graph.ts';
import { type Target as KernelTarget, type Lowering, type Operand, type Scratch, UNUSED } from '../ops/op.ts';
import { linearGrid } from '../ops/plans/linearGrid.ts';
import { storeOp } from '../ops/store.ts';
import { fuse } from './fuse.ts';
import { placeResults, rootOf, viewOffset } from './placement.ts';
import { expand, mergeCommon, removeDead } from './simplify.ts';

export interface CompileOptions {
  readonly label: string;
  /** R, for all replicated tensors. */
  readonly replicas: number;
  /** Intermediate results lie here; programs that never run at once share it. */
  readonly arena: Arena;
}

/** What the choice of kernels may depend on: the adapter's kind, subgroups, float16, and measured or recorded choices. */
export function kernelTarget(gpu: Gpu): KernelTarget {
  const subgroups = gpu.device.features.has('subgroups');
  const info = gpu.device.adapterInfo as { subgroupMinSize?: number } | undefined;
  return {
    kind: gpu.info.software ? 'cpu' : 'gpu',
    subgroups,
    subgroupSize: subgroups ? (info?.subgroupMinSize ?? 0) : 0,
    f16: gpu.device.features.has('shader-f16'),
    choices: gpu.kernels,
  };
}

/**
 * Turns a trace into a recorded program: ops made of others are written out, common ones merged, dead ones dropped,
 * what hand-written kernels offer fused; results are placed, lifetimes planned into the arena, kernels chosen from
 * one replica's shapes.
 * @throws with the op, the shapes and the limit where something does not fit.
 */
export async function compile(gpu: Gpu, traced: Graph, options: CompileOptions): Promise<Program> {
  const graph = removeDead(fuse(removeDead(mergeCommon(expand(traced)))));
  const { dispatches, owned } = new Planner(gpu, graph, options).plan();
  return Program.record(gpu, options.label, dispatches, owned);
}

class Planner {
  readonly #gpu: Gpu;
  readonly #graph: Graph;
  readonly #options: CompileOptions;
  readonly #target: KernelTarget;
  readonly #targets: ReturnType<typeof placeResults>;
  readonly #places = new Map<Tensor | Scratch, Placement>();
  readonly #lastUse = new Map<Tensor, number>();
  readonly #dispatches: Dispatch[] = [];
  readonly #owned: GPUBuffer[] = [];

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

  /** @throws where something does not fit; no flat vector is left then */
  plan(): { dispatches: Dispatch[]; owned: GPUBuffer[] } {
    try {
      return this.#plan();
    } catch (error) {
      for (const buffer of this.#owned) buffer.destroy();
      throw error;
    }
  }

  #plan(): { dispatches: Dispatch[]; owned: GPUBuffer[] } {
    const { arena } = this.#options;
    const { nodes } = this.#graph;
    // Flat vectors keep zeros between their tensors, so they are no one else's before or after.
    for (const node of nodes) {
      if (node.op === packOp && !this.#targets.has(node.outputs[0]!)) this.#ownFlatVector(node.outputs[0]!);
    }
    const held = new Map<GPUBuffer, number>();
    nodes.forEach((node, i) => {
      const scratch: GPUBuffer[] = [];
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
    return { dispatches: this.#dispatches, owned: this.#owned };
  }

  #lastUseOf(node: Node, position: number): number {
    return Math.max(position, ...node.outputs.map((output) => this.#lastUse.get(output) ?? position));
  }

  #ownFlatVector(tensor: Tensor): void {
    const replicas = tensor.replicated ? this.#options.replicas : undefined;
    const state = new State(this.#gpu, {
      label: `${this.#options.label} flat vector`,
      shape: tensor.shape,
      replicas,
    });
    this.#owned.push(state.buffer);
    this.#places.set(tensor, { buffer: state.buffer, offset: 0, replicaStride: state.replicaStride });
  }

  /** Buffers taken from the arena for what the node makes; joined outputs share one. */
  #allocateOutputs(node: Node): GPUBuffer[] {
    if (node.op.view || node.op === packOp || node.op.name === 'read') return [];
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
      return { buffer: operand.buffer, offset: 0, replicaStride: operand.replicaStride };
    }
    if ('scratch' in operand) return this.#places.get(operand)!;
    const root = rootOf(operand);
    const offset = viewOffset(operand);
    if (root.node.op.name === 'read') {
      const state: State = root.node.attributes.state;
      return { ...this.#placeOf(state), offset };
    }
    const target = this.#targets.get(root);
    if (target) {
      const { destination } = target;
      const base = this.#placeOf(destination);
      return { ...base, offset: base.offset + target.offset + offset };
    }
    const place = this.#places.get(root);
    if (!place)
      throw new Error(`op ${root.node.op.name}: its result has no place in program ${this.#options.label}`);
    return { ...place, offset: place.offset + offset };
  }

  #lower(node: Node, scratch: GPUBuffer[], hold: (buffer: GPUBuffer, tensor: Tensor) => void): void {
    const { arena, replicas } = this.#options;
    const dispatch = (call: KernelCall, operands: Readonly<Record<string, Operand>>, label: string): void => {
      const used = Object.entries(operands).filter(([, operand]) => operand !== UNUSED) as [
        string,
        Tensor | Scratch | State,
      ][];
      for (const [, operand] of used) {
        if (!(operand instanceof State) && !('scratch' in operand)) this.#materialise(operand, hold);
      }
      const replicated = used.some(([, operand]) => operand.replicated);
      const places = Object.fromEntries(used.map(([name, operand]) => [name, this.#placeOf(operand)]));
      this.#check(call, places, label);
      this.#dispatches.push({ label, call, operands: places, replicas: replicated ? replicas : 1 });
    };
    const copy = (from: Tensor, to: Placement, replicated: boolean): void => {
      this.#materialise(from, hold);
      const elements = size(from.shape);
      this.#dispatches.push({
        label: `copy ${from.node.op.name}`,
        call: { source: copyKernel, params: { elements }, grid: linearGrid(elements) },
        operands: { x: this.#placeOf(from), y: to },
        replicas: replicated ? replicas : 1,
      });
    };

    if (node.op === storeOp) {
      const state: State = node.attributes.state;
      const [x] = node.inputs as [Tensor];
      if (this.#targets.get(rootOf(x))?.destination !== state) copy(x, state, state.replicated);
      return;
    }
    if (node.op === packOp) {
      const [packed] = node.outputs as [Tensor];
      const base = this.#placeOf(packed);
      const layout: FlatLayout = node.attributes.layout;
      node.inputs.forEach((input, i) => {
        const wanted = base.offset + layout.entries[i]!.offset;
        const place = constantOf(input) === null ? this.#placeOf(input) : null;
        if (place?.buffer === base.buffer && place.offset === wanted) return;
        copy(input, { ...base, offset: wanted }, packed.replicated);
      });
      return;
    }
    if (!node.op.lower) return;
    const to: Lowering = {
      target: this.#target,
      dispatch: (call, operands) => dispatch(call, operands, node.op.name),
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
