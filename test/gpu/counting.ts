/** Calls that a training loop must not make, or must make rarely. */
export interface Counts {
  submit: number;
  mapAsync: number;
  createBuffer: number;
  createPipeline: number;
  createBindGroup: number;
  writeBuffer: number;
}

/** Counts WebGPU calls from now on, on every device of the page. */
export function counting(device: GPUDevice): { stop(): Counts } {
  const counts: Counts = {
    submit: 0,
    mapAsync: 0,
    createBuffer: 0,
    createPipeline: 0,
    createBindGroup: 0,
    writeBuffer: 0,
  };
  const restore: (() => void)[] = [];
  const wrap = (prototype: object, method: string, key: keyof Counts): void => {
    const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
    const original = methods[method]!;
    methods[method] = function (this: unknown, ...args: unknown[]) {
      counts[key]++;
      return original.apply(this, args);
    };
    restore.push(() => {
      methods[method] = original;
    });
  };
  const devicePrototype = Object.getPrototypeOf(device) as object;
  wrap(Object.getPrototypeOf(device.queue) as object, 'submit', 'submit');
  wrap(Object.getPrototypeOf(device.queue) as object, 'writeBuffer', 'writeBuffer');
  wrap(GPUBuffer.prototype, 'mapAsync', 'mapAsync');
  wrap(devicePrototype, 'createBuffer', 'createBuffer');
  wrap(devicePrototype, 'createBindGroup', 'createBindGroup');
  wrap(devicePrototype, 'createComputePipeline', 'createPipeline');
  wrap(devicePrototype, 'createComputePipelineAsync', 'createPipeline');
  return {
    stop: () => {
      for (const undo of restore) undo();
      return counts;
    },
  };
}
