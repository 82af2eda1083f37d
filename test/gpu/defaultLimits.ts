/** What WebGPU promises everywhere, of what a device is asked for (the specification's default limits). */
export const DEFAULT_LIMITS = {
  maxTextureDimension2D: 8192,
  maxBindGroups: 4,
  maxBindingsPerBindGroup: 1000,
  maxDynamicUniformBuffersPerPipelineLayout: 8,
  maxDynamicStorageBuffersPerPipelineLayout: 4,
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBuffersPerShaderStage: 12,
  maxUniformBufferBindingSize: 65_536,
  maxStorageBufferBindingSize: 134_217_728,
  minUniformBufferOffsetAlignment: 256,
  minStorageBufferOffsetAlignment: 256,
  maxBufferSize: 268_435_456,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupsPerDimension: 65_535,
};

/** An entry point whose adapters have the default limits and no feature: a device that asks for more is refused, as it is there. */
export function withDefaultLimits(gpu: GPU): GPU {
  const limited = (adapter: GPUAdapter): GPUAdapter =>
    ({
      info: adapter.info,
      features: new Set<string>(),
      limits: DEFAULT_LIMITS,
      requestDevice({ label, requiredFeatures = [], requiredLimits = {} }: GPUDeviceDescriptor = {}) {
        const feature = [...requiredFeatures][0];
        const limit = Object.entries(requiredLimits).find(
          ([name, wanted]) => wanted! > DEFAULT_LIMITS[name as keyof typeof DEFAULT_LIMITS],
        );
        if (feature || limit) throw new TypeError(`this adapter has no ${feature ?? limit!.join(' of ')}`);
        return adapter.requestDevice(label === undefined ? {} : { label });
      },
    }) as unknown as GPUAdapter;
  return {
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = await gpu.requestAdapter(options);
      return adapter && limited(adapter);
    },
  } as GPU;
}
