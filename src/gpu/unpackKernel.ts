import type { KernelInterface, KernelSource, ScalarType } from './kernelSource.ts';

/**
 * A kernel's interface as the bundle holds it: name, version, knobs (`NAME=value;…` for u32, else `NAME:type=value`), storage
 * bindings in order from 1 on (`name` of floats, else `name:element`, with `!` behind what is written), members of `Params` in order (`name` for u32, else
 * `name:type`; `x+` for `xOffset xReplica`), the workgroup's size (1 where it is left out) and bytes. Written out, the interfaces would be half of the engine.
 */
export type PackedKernel = readonly [
  name: string,
  version: string,
  knobs: string,
  bindings: string,
  params: string,
  ...workgroup: readonly [x: number, y?: number, z?: number, bytes?: number],
];

/** @param code loads the kernel's text */
export function unpackKernel(
  [name, version, knobs, bindings, params, x, y = 1, z = 1, workgroupBytes = 0]: PackedKernel,
  code: () => Promise<string>,
): KernelSource {
  const words = (text: string, separator: string): string[] => (text === '' ? [] : text.split(separator));
  const members = words(params.replace(/(\w+)\+/g, '$1Offset $1Replica'), ' ').map((member, i) => {
    const [name, type = 'u32'] = member.split(':') as [string, ScalarType?];
    return { name, offset: 4 * i, type };
  });
  return {
    name,
    version,
    knobs: Object.fromEntries(
      words(knobs, ';').map((knob) => {
        const [, name, type = 'u32', value] = /^(\w+):?(\w+)?=(.*)$/.exec(knob)!;
        return [name!, { type: type as ScalarType | 'bool', value: value! }];
      }),
    ),
    bindings: words(bindings, ' ').map((binding, i): KernelInterface['bindings'][number] => {
      const [, name, element = 'f32', written] = /^(\w+):?([^!]+)?(!)?$/.exec(binding)!;
      return { name: name!, binding: i + 1, access: written ? 'read_write' : 'read', element };
    }),
    params: members,
    paramsBytes: 4 * members.length,
    workgroupSize: [x, y, z],
    workgroupBytes,
    code,
  };
}
