import type { Gpu } from './device.ts';
import type { KernelSource } from './kernelSource.ts';
import { specialise } from './specialise.ts';

interface Cache {
  readonly pipelines: Map<string, Promise<GPUComputePipeline>>;
  readonly layouts: Map<KernelSource, GPUBindGroupLayout>;
}

const caches = new WeakMap<GPUDevice, Cache>();

function cacheOf(device: GPUDevice): Cache {
  const known = caches.get(device);
  if (known) return known;
  const made: Cache = { pipelines: new Map(), layouts: new Map() };
  caches.set(device, made);
  return made;
}

/** The bind group layout of every variant of a kernel: all its bindings, used by the variant or not. */
export function bindGroupLayout(gpu: Gpu, source: KernelSource): GPUBindGroupLayout {
  const { layouts } = cacheOf(gpu.device);
  let layout = layouts.get(source);
  if (!layout) {
    layout = gpu.device.createBindGroupLayout({
      label: source.name,
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } },
        ...source.bindings.map(({ binding, access }) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
        })),
      ],
    });
    layouts.set(source, layout);
  }
  return layout;
}

/**
 * The pipeline of one variant of a kernel, compiled once a device. Shapes are in the uniform, so one pipeline serves
 * many shapes.
 * @throws with the kernel's name, its knobs and the compiler's message if the WGSL is refused.
 */
export function pipeline(
  gpu: Gpu,
  source: KernelSource,
  knobs: Readonly<Record<string, number | boolean>> = {},
): Promise<GPUComputePipeline> {
  const { pipelines } = cacheOf(gpu.device);
  const code = specialise(source, knobs);
  const known = pipelines.get(code);
  if (known) return known;
  const made = compile(gpu, source, knobs, code);
  pipelines.set(code, made);
  // What failed for want of memory may do another time.
  made.catch(() => pipelines.delete(code));
  return made;
}

const compileTimes = new WeakMap<GPUComputePipeline, number>();

/** Milliseconds that it took to make a pipeline of `pipeline`, the first time. */
export function compileTime(made: GPUComputePipeline): number {
  return compileTimes.get(made) ?? 0;
}

async function compile(
  gpu: Gpu,
  source: KernelSource,
  knobs: Readonly<Record<string, number | boolean>>,
  code: string,
): Promise<GPUComputePipeline> {
  const { device } = gpu;
  const variant = Object.entries(knobs).map(([name, value]) => `${name}=${value}`);
  const label = [source.name, ...variant].join(' ');
  const started = performance.now();
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label, code });
  const refused = device.popErrorScope();
  try {
    const made = await device.createComputePipelineAsync({
      label,
      layout: device.createPipelineLayout({ label, bindGroupLayouts: [bindGroupLayout(gpu, source)] }),
      compute: { module, entryPoint: 'main' },
    });
    compileTimes.set(made, performance.now() - started);
    return made;
  } catch (error) {
    await refused;
    const { messages } = await module.getCompilationInfo();
    const lines = messages.filter((m) => m.type === 'error').map((m) => `line ${m.lineNum}: ${m.message}`);
    throw new Error(`kernel ${label} does not compile: ${lines.join('; ') || (error as Error).message}`);
  }
}
