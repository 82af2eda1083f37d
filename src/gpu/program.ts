import type { Gpu } from './device.ts';
import type { KernelCall } from './kernelCall.ts';
import type { KernelSource } from './kernelSource.ts';
import { LimitError } from './limitError.ts';
import { orLost } from './orLost.ts';
import { bindGroupLayout, pipeline } from './pipeline.ts';
import { Scope } from './scope.ts';
import type { State } from './state.ts';

/** Where an operand lies: offsets and strides in elements of 4 bytes. */
export interface Placement {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly replicaStride: number;
}

/** One kernel over its operands, for `replicas` replicas at once. */
export interface Dispatch {
  readonly label: string;
  readonly call: KernelCall;
  /** By the kernel's binding names; one that is left out is unused in this variant. */
  readonly operands: Readonly<Record<string, Placement>>;
  readonly replicas: number;
}

interface Recorded {
  readonly label: string;
  readonly kernel: string;
  readonly source: KernelSource;
  readonly knobs: Readonly<Record<string, number | boolean>>;
  readonly params: Readonly<Record<string, number>>;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [number, number, number];
}

/** Time of one dispatch of a program, in milliseconds. */
export interface DispatchTime {
  readonly label: string;
  readonly kernel: string;
  /** The kernel's own parameters: extents and scalars. */
  readonly params: Readonly<Record<string, number>>;
  readonly grid: readonly [number, number, number];
  readonly milliseconds: number;
}

const SLOT = 256;
const LARGEST_GRID = 65_535;

/**
 * A flat list of dispatches over planned memory: recorded once, replayed. Nothing is created, uploaded or compiled
 * when it runs.
 */
export class Program {
  readonly label: string;
  readonly dispatches: readonly Recorded[];
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #writes: readonly State[];

  private constructor(
    gpu: Gpu,
    scope: Scope,
    label: string,
    dispatches: readonly Recorded[],
    writes: readonly State[],
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#writes = writes;
    this.label = label;
    this.dispatches = dispatches;
  }

  /**
   * Compiles all pipelines at once and makes the bind groups.
   * @param owned buffers that live and die with the program, also where it cannot be made
   * @param writes the states whose content changes when it runs
   * @throws LimitError with kernel, shapes and limit if a grid is too large; with the kernel if one does not compile
   */
  static record(
    gpu: Gpu,
    label: string,
    dispatches: readonly Dispatch[],
    owned: readonly GPUBuffer[] = [],
    writes: readonly State[] = [],
  ): Promise<Program> {
    return Scope.make((scope) => {
      for (const buffer of owned) scope.own(buffer);
      return Program.#record(gpu, scope, label, dispatches, writes);
    });
  }

  static async #record(
    gpu: Gpu,
    scope: Scope,
    label: string,
    dispatches: readonly Dispatch[],
    writes: readonly State[],
  ): Promise<Program> {
    const { device } = gpu;
    const grids = dispatches.map(foldGrid);
    const uniforms = scope.own(
      device.createBuffer({
        label: `${label} params`,
        size: SLOT * Math.max(1, dispatches.length),
        usage: GPUBufferUsage.UNIFORM,
        mappedAtCreation: true,
      }),
    );
    const unused = (['read', 'read_write'] as const).map((access) =>
      scope.own(
        device.createBuffer({
          label: `${label} unused ${access}`,
          size: SLOT,
          usage: GPUBufferUsage.STORAGE,
        }),
      ),
    );
    const bytes = new DataView(uniforms.getMappedRange());
    dispatches.forEach((dispatch, i) => {
      packParams(bytes, i * SLOT, dispatch);
    });
    uniforms.unmap();

    const pipelines = dispatches.map(({ call }) => pipeline(gpu, call.source, call.knobs));
    // Scopes are a stack of the device, so nothing is awaited inside one.
    device.pushErrorScope('validation');
    const groups = dispatches.map((dispatch, i) => {
      const { source } = dispatch.call;
      const bufferOf = ({ name, access }: KernelSource['bindings'][number]): GPUBuffer =>
        dispatch.operands[name]?.buffer ?? (access === 'read' ? unused[0]! : unused[1]!);
      return device.createBindGroup({
        label: dispatch.label,
        layout: bindGroupLayout(gpu, source),
        entries: [
          {
            binding: 0,
            resource: { buffer: uniforms, offset: i * SLOT, size: Math.max(16, source.paramsBytes) },
          },
          ...source.bindings.map((b) => ({ binding: b.binding, resource: { buffer: bufferOf(b) } })),
        ],
      });
    });
    const [invalid, ...compiled] = await Promise.all([device.popErrorScope(), ...pipelines]);
    if (invalid) throw new Error(`program ${label}: ${invalid.message}`);
    const recorded = dispatches.map(
      (dispatch, i): Recorded => ({
        label: dispatch.label,
        kernel: dispatch.call.source.name,
        source: dispatch.call.source,
        knobs: dispatch.call.knobs ?? {},
        params: dispatch.call.params,
        pipeline: compiled[i]!,
        group: groups[i]!,
        grid: grids[i]!,
      }),
    );
    return new Program(gpu, scope, label, recorded, writes);
  }

  /** Appends all dispatches to a compute pass. */
  encode(pass: GPUComputePassEncoder): void {
    for (const state of this.#writes) state.wrote();
    for (const { pipeline, group, grid } of this.dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    }
  }

  /** Runs once, in a submit of its own. For measurements; training replays many steps a submit. */
  run(): void {
    const encoder = this.#gpu.device.createCommandEncoder({ label: this.label });
    const pass = encoder.beginComputePass({ label: this.label });
    this.encode(pass);
    pass.end();
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /**
   * Runs once with a timestamp at both ends of every dispatch, each in a pass of its own: the sum is more than
   * the program takes, the shares are right.
   * @throws if the adapter has no timestamp queries.
   */
  async profile(): Promise<DispatchTime[]> {
    if (!this.#gpu.device.features.has('timestamp-query')) {
      throw new Error('a profile needs the feature timestamp-query, which this adapter lacks');
    }
    return Scope.within((scope) => this.#profile(scope));
  }

  async #profile(scope: Scope): Promise<DispatchTime[]> {
    const { device } = this.#gpu;
    const count = 2 * this.dispatches.length;
    const set = scope.own(
      device.createQuerySet({ label: `${this.label} profile`, type: 'timestamp', count }),
    );
    const buffer = (what: string, usage: number): GPUBuffer =>
      scope.own(device.createBuffer({ label: `${this.label} ${what}`, size: 8 * count, usage }));
    const resolved = buffer('timestamps', GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
    const staging = buffer('timestamps read-back', GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
    const encoder = device.createCommandEncoder({ label: `${this.label} profile` });
    for (const state of this.#writes) state.wrote();
    this.dispatches.forEach(({ label, pipeline, group, grid }, i) => {
      const pass = encoder.beginComputePass({
        label,
        timestampWrites: { querySet: set, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
      pass.end();
    });
    encoder.resolveQuerySet(set, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
    device.queue.submit([encoder.finish()]);
    await orLost(this.#gpu, staging.mapAsync(GPUMapMode.READ));
    const times = new BigUint64Array(staging.getMappedRange().slice(0));
    return this.dispatches.map(({ label, kernel, params, grid }, i) => ({
      label,
      kernel,
      params,
      grid,
      milliseconds: Number(times[2 * i + 1]! - times[2 * i]!) / 1e6,
    }));
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

function packParams(bytes: DataView, base: number, { label, call, operands }: Dispatch): void {
  const { source, params } = call;
  if (source.paramsBytes > SLOT) throw new Error(`kernel ${source.name}: Params passes ${SLOT} bytes`);
  for (const { name, offset, type } of source.params) {
    const operand = /^(.*)(Offset|Replica)$/.exec(name);
    const bound = operand && source.bindings.some((b) => b.name === operand[1]);
    const place = bound ? operands[operand[1]!] : undefined;
    const value = bound
      ? ((operand[2] === 'Offset' ? place?.offset : place?.replicaStride) ?? 0)
      : params[name];
    // A number of elements is whole, and a word holds it; a factor may be anything that a float is.
    const isWord = Number.isInteger(value) && value! >= -(2 ** 31) && value! < 2 ** 32;
    if (value === undefined || (type !== 'f32' && !isWord)) {
      throw new Error(`${label}: kernel ${source.name} needs the parameter ${name}, found ${value}`);
    }
    if (type === 'f32') bytes.setFloat32(base + offset, value, true);
    else bytes.setInt32(base + offset, value, true);
  }
}

/** A one-dimensional grid past the limit becomes two-dimensional; kernels linearise the workgroup's index. */
function foldGrid({ label, call, replicas }: Dispatch): [number, number, number] {
  const [x, y] = call.grid;
  if (x <= LARGEST_GRID && y <= LARGEST_GRID && replicas <= LARGEST_GRID) return [x, y, replicas];
  if (y === 1 && x <= LARGEST_GRID * LARGEST_GRID && replicas <= LARGEST_GRID) {
    const rows = Math.ceil(x / LARGEST_GRID);
    return [Math.ceil(x / rows), rows, replicas];
  }
  throw new LimitError(
    `${label}: kernel ${call.source.name} needs a grid of ${x} × ${y} × ${replicas} workgroups, ` +
      `the limit is ${LARGEST_GRID} in each direction`,
  );
}
