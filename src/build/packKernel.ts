import type { KernelInterface } from '../gpu/kernelSource.ts';
import type { PackedKernel } from '../gpu/unpackKernel.ts';

/**
 * What `unpackKernel` reads.
 * @throws if bindings are not numbered from 1 on, or members of `Params` are not one word apart
 */
export function packKernel(kernel: KernelInterface, version: string): PackedKernel {
  const { name, knobs, bindings, params, workgroupSize, workgroupBytes } = kernel;
  const refuse = (reason: string): never => {
    throw new Error(`kernel ${name}: ${reason}`);
  };
  const [x, y, z] = workgroupSize;
  return [
    name,
    version,
    Object.entries(knobs)
      .map(([knob, { type, value }]) => `${knob}${type === 'u32' ? '' : `:${type}`}=${value}`)
      .join(';'),
    bindings
      .map((of, i) => {
        if (of.binding !== i + 1) refuse(`expected the binding ${of.name} at ${i + 1}, found ${of.binding}`);
        const element = of.element === 'f32' ? '' : `:${of.element}`;
        return `${of.name}${element}${of.access === 'read_write' ? '!' : ''}`;
      })
      .join(' '),
    params
      .map((of, i) => {
        if (of.offset !== 4 * i) refuse(`expected Params.${of.name} at ${4 * i}, found ${of.offset}`);
        return of.type === 'u32' ? of.name : `${of.name}:${of.type}`;
      })
      .join(' ')
      .replace(/(?<!\S)(\w+)Offset \1Replica(?!\S)/g, '$1+'),
    ...(y * z > 1 || workgroupBytes > 0 ? ([x, y, z, workgroupBytes] as const) : ([x] as const)),
  ];
}
