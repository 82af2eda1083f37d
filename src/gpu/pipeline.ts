import type { Gpu } from './device.ts';
import type { KernelSource } from './kernelSource.ts';
import { LimitError } from './limitError.ts';
import { knobLiterals, specialise } from './specialise.ts';

interface Variant {
  readonly coming: Promise<GPUComputePipeline>;
  here: boolean;
}

interface Cache {
  readonly pipelines: Map<KernelSource, Map<string, Variant>>;
  readonly layouts: Map<KernelSource, GPUBindGroupLayout>;
}

type Knobs = Readonly<Record<string, number | boolean>>;

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

/** A variant's key among those of its kernel. */
function variantOf(source: KernelSource, knobs?: Knobs): string {
  return [...knobLiterals(source, knobs).values()].join(' ');
}

/** Whether a variant is compiled. */
export function isCompiled({ device }: Gpu, source: KernelSource, knobs?: Knobs): boolean {
  return cacheOf(device).pipelines.get(source)?.get(variantOf(source, knobs))?.here ?? false;
}

/**
 * The pipeline of one variant of a kernel, compiled once a device; the kernel's text is loaded first, where it has not been.
 * Shapes are in the uniform, so one pipeline serves many shapes.
 * @throws LimitError if it binds more buffers than the adapter takes
 * @throws with the kernel's name, its knobs and the compiler's message if the WGSL is refused; with the kernel's name if its
 *   text cannot be loaded
 */
export function pipeline(gpu: Gpu, source: KernelSource, knobs: Knobs = {}): Promise<GPUComputePipeline> {
  requireBindings(gpu, source);
  const { pipelines } = cacheOf(gpu.device);
  let variants = pipelines.get(source);
  if (!variants) {
    variants = new Map();
    pipelines.set(source, variants);
  }
  const variant = variantOf(source, knobs);
  const known = variants.get(variant);
  if (known) return known.coming;
  const made: Variant = { coming: compile(gpu, source, knobs), here: false };
  variants.set(variant, made);
  made.coming.then(
    () => {
      made.here = true;
    },
    // What failed for want of memory, or of a network, may do another time.
    () => variants.delete(variant),
  );
  return made.coming;
}

function requireBindings({ device }: Gpu, { name, bindings }: KernelSource): void {
  const limit = device.limits.maxStorageBuffersPerShaderStage;
  if (bindings.length > limit) {
    throw new LimitError(`kernel ${name}: ${bindings.length} storage buffers, this adapter takes ${limit}`);
  }
}

const compileTimes = new WeakMap<GPUComputePipeline, number>();

/** Milliseconds that it took to make a pipeline of `pipeline`, the first time. */
export function compileTime(made: GPUComputePipeline): number {
  return compileTimes.get(made) ?? 0;
}

async function compile(gpu: Gpu, source: KernelSource, knobs: Knobs): Promise<GPUComputePipeline> {
  const { device } = gpu;
  const loading = source.code().catch((error: Error) => {
    throw new Error(`kernel ${source.name}: its WGSL cannot be loaded: ${error.message}`);
  });
  if (gpu.isPlan) {
    // What is planned is soon wanted: its text is on its way while planning goes on, and who compiles it learns what fails.
    loading.catch(() => {});
    return {} as GPUComputePipeline;
  }
  const text = await loading;
  const code = specialise(source, text, knobs);
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
    const { kernelRefusal } = await import('./kernelRefusal.ts');
    const reason = await kernelRefusal(module, code, error as Error);
    throw new Error(`kernel ${label} does not compile:${reason}`);
  }
}
