import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import type { Gpu } from './device.ts';
import type { KernelCall } from './kernelCall.ts';
import type { KernelSource } from './kernelSource.ts';
import { LimitError } from './limitError.ts';
import { orLost } from './orLost.ts';
import { bindGroupLayout, isCompiled, pipeline } from './pipeline.ts';
import { Scope } from './scope.ts';
import { showProgram } from './showProgram.ts';
import type { State } from './state.ts';

/** Where an operand lies: offsets and strides in elements of 4 bytes. */
export interface Placement {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly replicaStride: number;
  /** For listings: one replica's shape, and the state that lies there. */
  readonly shape?: readonly number[];
  readonly state?: State;
}

/** One kernel over its operands, for `replicas` replicas at once. */
export interface Dispatch {
  readonly label: string;
  readonly call: KernelCall;
  /** By the kernel's binding names; one that is left out is unused in this variant. */
  readonly operands: Readonly<Record<string, Placement>>;
  readonly replicas: number;
}

/** A dispatch as a program keeps it: as it was planned, also while a stand-in runs. */
export interface Recorded extends Running {
  readonly label: string;
  readonly kernel: string;
  readonly source: KernelSource;
  readonly knobs: Readonly<Record<string, number | boolean>>;
  readonly params: Readonly<Record<string, number>>;
  readonly operands: Readonly<Record<string, Placement>>;
}

/** What is encoded for a dispatch. */
export interface Running {
  /** In a program's dispatches that of the stand-in, where one came first. */
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
/** A submit of `run` has about so many: enough that its cost does not count, few enough that no watchdog takes it for a hang. */
const DISPATCHES_A_SUBMIT = 256;
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
  readonly #running: Running[];
  /** Dispatches that a stand-in runs for. */
  readonly #standIns: number[];
  #ran = false;
  #disposed = false;

  private constructor(
    gpu: Gpu,
    scope: Scope,
    label: string,
    dispatches: readonly Recorded[],
    standIns: readonly (Running['grid'] | undefined)[],
    writes: readonly State[],
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#writes = writes;
    this.#running = dispatches.map((planned, i) => ({ ...planned, grid: standIns[i] ?? planned.grid }));
    this.#standIns = [...standIns.keys()].filter((i) => standIns[i]);
    this.label = label;
    this.dispatches = dispatches;
  }

  /**
   * Compiles all pipelines at once and makes the bind groups.
   * @param owned buffers that live and die with the program, also where it cannot be made
   * @param writes the states whose content changes when it runs
   * @param standIns whether what takes long to compile may be replaced by its stand-in until it is there
   * @throws LimitError with kernel, shapes and limit if a grid is too large; with the kernel if one does not compile
   */
  static record(
    gpu: Gpu,
    label: string,
    dispatches: readonly Dispatch[],
    owned: readonly GPUBuffer[] = [],
    writes: readonly State[] = [],
    standIns = false,
  ): Promise<Program> {
    return Scope.make((scope) => {
      for (const buffer of owned) scope.own(buffer);
      return Program.#record(gpu, scope, label, dispatches, writes, standIns);
    });
  }

  static async #record(
    gpu: Gpu,
    scope: Scope,
    label: string,
    dispatches: readonly Dispatch[],
    writes: readonly State[],
    standIns: boolean,
  ): Promise<Program> {
    const { device } = gpu;
    const grids = dispatches.map((dispatch) => foldGrid(dispatch));
    const soonest = dispatches.map(({ call: { source, knobs, standIn } }) =>
      standIns && standIn && !isCompiled(gpu, source, knobs) ? standIn : undefined,
    );
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

    const pipelines = dispatches.map(({ call }, i) => pipeline(gpu, call.source, (soonest[i] ?? call).knobs));
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
        operands: dispatch.operands,
      }),
    );
    const folded = soonest.map((standIn, i) => standIn && foldGrid(dispatches[i]!, standIn.grid));
    return new Program(gpu, scope, label, recorded, folded, writes);
  }

  /** Compiles what stand-ins run for; from then on that runs, with the same results. */
  async replaceStandIns(): Promise<void> {
    const replaced = this.#standIns.splice(0).map(async (i) => {
      const planned = this.dispatches[i]!;
      this.#running[i] = { ...planned, pipeline: await pipeline(this.#gpu, planned.source, planned.knobs) };
    });
    await Promise.all(replaced);
  }

  /**
   * Appends all dispatches to a compute pass, or those from one on until another; where these are apart, all in their order.
   * @throws if the program is disposed of
   */
  encode(pass: GPUComputePassEncoder, from = 0, until = Number.POSITIVE_INFINITY): void {
    const part = this.#running.slice(from, Math.max(0, until));
    this.#requireLive();
    // What runs once is not worth waiting for, and what runs again has the same results without it.
    if (this.#ran) this.replaceStandIns().catch(() => {});
    this.#ran ||= until >= this.#running.length;
    for (const state of this.#writes) state.wrote();
    for (const { pipeline, group, grid } of part) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    }
  }

  /**
   * Runs so many times over, in few submits. Does not wait: what is read from a state afterwards is read after all of it. Of very many runs
   * read something now and then, so that the device is not given hours of work at once.
   * @throws InputError if `times` is no whole number
   * @throws if the program is disposed of
   */
  run(times = 1): void {
    if (!(Number.isInteger(times) && times >= 0)) {
      throw new InputError(
        `program ${this.label}`,
        'run',
        `${showValue(times)} times, expected a whole number`,
      );
    }
    const runs = Math.max(1, Math.floor(DISPATCHES_A_SUBMIT / Math.max(1, this.dispatches.length)));
    for (let done = 0; done < times; done += runs) {
      const encoder = this.#gpu.device.createCommandEncoder({ label: this.label });
      const pass = encoder.beginComputePass({ label: this.label });
      for (let i = done; i < Math.min(times, done + runs); i++) this.encode(pass);
      pass.end();
      this.#gpu.device.queue.submit([encoder.finish()]);
    }
  }

  /**
   * Runs once with a timestamp at both ends of every dispatch, each in a pass of its own: the sum is more than
   * the program takes, the shares are right.
   * @throws if the adapter has no timestamp queries, or the program is disposed of
   */
  async profile(): Promise<DispatchTime[]> {
    this.#requireLive();
    if (!this.#gpu.device.features.has('timestamp-query')) {
      throw new Error('a profile needs the feature timestamp-query, which this adapter lacks');
    }
    await this.replaceStandIns();
    for (const state of this.#writes) state.wrote();
    const { profileDispatches } = await import('./profileDispatches.ts');
    const wait = (work: Promise<unknown>) => orLost(this.#gpu, work);
    return Scope.within((scope) =>
      profileDispatches(this.#gpu.device, scope, wait, this.label, this.dispatches, this.#running),
    );
  }

  /** A line a dispatch: op, kernel with its knobs, operands, grid, bytes; then the totals. */
  toString(): string {
    return showProgram(this.label, this.dispatches);
  }

  #requireLive(): void {
    if (this.#disposed) throw new Error(`program ${this.label}: run after it was disposed of`);
  }

  /** Frees its parameters; the states that it works on belong to others. A second call does nothing. */
  dispose(): void {
    this.#disposed = true;
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const FOLD_HINT =
  '; a kernel that reads num_workgroups, and takes group.x + group.y * groups.x for its workgroup, may have a longer row';

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
function foldGrid({ label, call, replicas }: Dispatch, [x, y] = call.grid): [number, number, number] {
  if (x <= LARGEST_GRID && y <= LARGEST_GRID && replicas <= LARGEST_GRID) return [x, y, replicas];
  const folds = call.source.ofUser?.folds ?? true;
  if (folds && y === 1 && x <= LARGEST_GRID * LARGEST_GRID && replicas <= LARGEST_GRID) {
    const rows = Math.ceil(x / LARGEST_GRID);
    return [Math.ceil(x / rows), rows, replicas];
  }
  throw new LimitError(
    `${label}: kernel ${call.source.name} needs a grid of ${x} × ${y} × ${replicas} workgroups, ` +
      `the limit is ${LARGEST_GRID} in each direction${folds ? '' : FOLD_HINT}`,
  );
}
