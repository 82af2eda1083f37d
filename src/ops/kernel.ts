import type { KernelSource } from '../gpu/kernelSource.ts';
import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';

/**
 * A kernel of one's own WGSL, for the `lower` of an op. It is reflected as Basin's own are, so that buffers are bound by name and parameters
 * packed by name; what reflects it is loaded when it is first wanted. The text has
 *
 * - `struct Params` of scalars (u32, i32, f32), bound as `@group(0) @binding(0) var<uniform> params: Params;`
 * - storage buffers in group 0, arrays, and for each `x` of them `xOffset: u32` and `xReplica: u32` in `Params`, which the engine fills in:
 *   element i of the replica of this workgroup is `x[params.xOffset + group.z * params.xReplica + i]` (for arrays of vec4 both over 4)
 * - one compute entry point, `main`; `@builtin(workgroup_id)` has the replica in z. One that reads `@builtin(num_workgroups)`, and takes
 *   `group.x + group.y * groups.x` for its workgroup, may have a grid of one row of any length: 65,535 workgroups otherwise
 * - constants to be set for a variant, if there are any, between the lines `// knobs` and `// end knobs`: `const TILE: u32 = 8u;`
 *
 * What the WGSL means is checked by the device when a program that has it is made: `trace` throws then, with kernel, line and text.
 * @param name what messages and listings call it, such as 'mine/softplus'
 * @throws InputError with the line, if the text is not of that form
 */
export async function kernel(name: string, wgsl: string): Promise<KernelSource> {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new InputError('kernel', 'name', `${showValue(name)}, expected a text`);
  }
  if (typeof wgsl !== 'string')
    throw new InputError(`kernel ${name}`, 'WGSL', `${showValue(wgsl)}, expected a text`);
  const { runtimeKernel } = await import('../build/runtimeKernel.ts');
  return runtimeKernel(name, wgsl);
}
