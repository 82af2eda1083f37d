import { detectRaces } from 'wgsl_reflect/wgsl_reflect.module.js';
import type { Gpu } from '../gpu/device.ts';

interface Buffer {
  readonly size: number;
  readonly data: ArrayBuffer;
}

interface Entry {
  readonly binding: number;
  readonly resource: { readonly buffer: Buffer; readonly offset?: number; readonly size?: number };
}

/** What the emulation has seen. */
export interface Emulation {
  readonly gpu: Gpu;
  /** WGSL of every pipeline, by its label: the kernel and its knobs. */
  readonly variants: ReadonlyMap<string, string>;
  /** What the race detector says of the dispatches that were run. */
  readonly races: readonly Race[];
}

/** Two accesses that nothing orders; without lines what else the detector stumbled over: a barrier that not all reach. */
export interface Race {
  readonly message: string;
  /** Lines of the WGSL that was compiled, from 1. */
  readonly lines: readonly number[];
}

/**
 * A kernel as the detector follows it: wgsl_reflect 1.6 steps into a block and on over its first statement at once, so a barrier there would be passed
 * without waiting. A statement before it, on its line, is what is stepped over then.
 */
function steppable(code: string): string {
  return code.replace(/\{(?=\s*(?:workgroup|storage)Barrier\(\))/g, '{ let entered = true;');
}

/**
 * As much of a WebGPU device as the engine uses, without a GPU: buffers are ArrayBuffers, and dispatches are run by
 * wgsl_reflect's race detector, every invocation of a workgroup in lockstep.
 */
export function emulatedGpu({ software = false, subgroupSize = 0, f16 = false } = {}): Emulation {
  const variants = new Map<string, string>();
  const races: Race[] = [];
  const createBuffer = ({ size }: { size: number }) => {
    const data = new ArrayBuffer(size);
    return {
      size,
      data,
      getMappedRange: () => data,
      mapAsync: async () => {},
      unmap() {},
      destroy() {},
    };
  };
  const dispatch = (pipeline: { label: string; code: string }, entries: Entry[], grid: number[]): void => {
    const bound = entries.map(({ binding, resource: { buffer, offset = 0, size = buffer.size } }) => [
      binding,
      binding === 0 ? { uniform: buffer.data.slice(offset, offset + size) } : buffer.data,
    ]);
    const found = detectRaces(steppable(pipeline.code), 'main', grid, { 0: Object.fromEntries(bound) });
    races.push(
      ...found.races.map(({ message, a, b }) => ({ message, lines: [a.line, b.line] })),
      ...found.errors.map((message) => ({ message, lines: [] })),
    );
  };
  const createCommandEncoder = () => {
    const commands: (() => void)[] = [];
    let pipeline: { label: string; code: string };
    let entries: Entry[];
    return {
      beginComputePass: () => ({
        setPipeline: (set: typeof pipeline) => {
          pipeline = set;
        },
        setBindGroup: (_: number, group: { entries: Entry[] }) => {
          entries = group.entries;
        },
        dispatchWorkgroups: (...grid: number[]) => {
          const [run, bound] = [pipeline, entries];
          commands.push(() => dispatch(run, bound, grid));
        },
        end() {},
      }),
      copyBufferToBuffer: (from: Buffer, at: number, to: Buffer, start: number, size: number) => {
        commands.push(() => new Uint8Array(to.data).set(new Uint8Array(from.data, at, size), start));
      },
      finish: () => commands,
    };
  };
  const device = {
    limits: { maxStorageBufferBindingSize: 2 ** 27 },
    features: new Set([...(subgroupSize ? ['subgroups'] : []), ...(f16 ? ['shader-f16'] : [])]),
    adapterInfo: { subgroupMinSize: subgroupSize, subgroupMaxSize: subgroupSize },
    createBuffer,
    createBindGroupLayout: (layout: object) => layout,
    createPipelineLayout: (layout: object) => layout,
    createBindGroup: (group: object) => group,
    createShaderModule: ({ label, code }: { label: string; code: string }) => {
      variants.set(label, code);
      return { code, getCompilationInfo: async () => ({ messages: [] }) };
    },
    createComputePipelineAsync: async ({
      label,
      compute,
    }: {
      label: string;
      compute: { module: object };
    }) => ({
      label,
      ...compute.module,
    }),
    pushErrorScope() {},
    popErrorScope: async () => null,
    createCommandEncoder,
    queue: {
      writeBuffer: ({ data }: Buffer, at: number, { buffer, byteOffset, byteLength }: Uint8Array) => {
        new Uint8Array(data).set(new Uint8Array(buffer, byteOffset, byteLength), at);
      },
      submit: (encoded: (() => void)[][]) => {
        for (const command of encoded.flat()) command();
      },
      onSubmittedWorkDone: async () => {},
    },
  };
  const gpu = { device, info: { software }, lost: new Promise(() => {}), errors: [], dispose() {} };
  return { gpu: gpu as unknown as Gpu, variants, races };
}
