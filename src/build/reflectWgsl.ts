import { WgslParser, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import type { KernelInterface, ScalarType } from '../gpu/kernelSource.ts';

const KNOB_BLOCK = /^\/\/ knobs\n([\s\S]*?)^\/\/ end knobs$/m;
const KNOB = /^const (\w+)\s*:\s*(u32|i32|f32|bool)\s*=\s*([^;]+);/;
const SCALARS = new Set(['u32', 'i32', 'f32']);

/**
 * Reflects a kernel's WGSL into what the engine needs at run time.
 * @param name family and kernel
 * @param file path below `shaders/` without the extension of the file that it comes from, for messages
 * @throws if the text departs from the form every kernel has: `Params` of scalars at binding 0, entry point `main`,
 *   an offset and a replica stride for each storage binding, knobs as typed constants.
 */
export function reflectWgsl(name: string, code: string, file = name): KernelInterface {
  const refuse = (reason: string): never => {
    throw new Error(`shaders/${file}.wgsl: ${reason}`);
  };
  const reflection = new WgslReflect(code);
  const entry = reflection.entry.compute;
  if (entry.length !== 1 || entry[0]?.name !== 'main')
    refuse('expected one compute entry point, called main');

  const uniform = reflection.uniforms[0];
  if (reflection.uniforms.length !== 1 || uniform?.name !== 'params' || uniform.binding !== 0) {
    refuse('expected one uniform, `params`, at binding 0');
  }
  const members: { name: string; offset: number; type: { name: string } }[] =
    (uniform?.type as { members?: [] } | undefined)?.members ?? [];
  const params = members.map((member) => {
    if (!SCALARS.has(member.type.name))
      refuse(`Params.${member.name} is a ${member.type.name}, expected a scalar`);
    return { name: member.name, offset: member.offset, type: member.type.name as ScalarType };
  });

  const storage = [...reflection.storage].sort((a, b) => a.binding - b.binding);
  const bindings = storage.map((variable) => {
    for (const suffix of ['Offset', 'Replica']) {
      if (!params.some((p) => p.name === variable.name + suffix && p.type === 'u32')) {
        refuse(`Params lacks ${variable.name}${suffix}: u32 for the binding ${variable.name}`);
      }
    }
    return {
      name: variable.name,
      binding: variable.binding,
      access: variable.access === 'read_write' ? ('read_write' as const) : ('read' as const),
      element: (variable.type as { format?: { name: string } }).format?.name ?? variable.type.name,
    };
  });

  return {
    name,
    knobs: readKnobs(code, refuse),
    bindings,
    params,
    paramsBytes: params.length * 4,
    workgroupSize: readWorkgroupSize(code, entry[0]?.attributes, refuse),
    workgroupBytes: readWorkgroupBytes(code),
  };
}

function readKnobs(code: string, refuse: (reason: string) => never): KernelInterface['knobs'] {
  const block = KNOB_BLOCK.exec(code)?.[1] ?? '';
  const knobs: Record<string, { type: ScalarType | 'bool'; value: string }> = {};
  for (const line of block.split('\n')) {
    if (!line.trim() || line.startsWith('//')) continue;
    const match = KNOB.exec(line);
    if (!match) return refuse(`expected a typed const in the knob block, found: ${line}`);
    knobs[match[1]!] = { type: match[2] as ScalarType | 'bool', value: match[3]!.trim() };
  }
  return knobs;
}

function readWorkgroupSize(
  code: string,
  attributes: { name: string; value: unknown }[] | null | undefined,
  refuse: (reason: string) => never,
): [number, number, number] {
  const value = attributes?.find((a) => a.name === 'workgroup_size')?.value;
  const sizes = (Array.isArray(value) ? value : [value]).map((text: string) => {
    if (/^\d+u?$/.test(text)) return Number.parseInt(text, 10);
    const named = new RegExp(`^const ${text}\\s*(?::\\s*u32)?\\s*=\\s*(\\d+)u?;`, 'm').exec(code);
    return named ? Number.parseInt(named[1]!, 10) : refuse(`cannot read @workgroup_size(${value})`);
  });
  return [sizes[0] ?? 1, sizes[1] ?? 1, sizes[2] ?? 1];
}

interface ParsedType {
  name: string;
  format?: ParsedType;
  count?: number;
}

const SCALAR_BYTES: Record<string, number> = { f32: 4, u32: 4, i32: 4, f16: 2, bool: 4 };

function typeBytes(type: ParsedType): number {
  if (type.name === 'array' && type.format) return (type.count ?? 0) * typeBytes(type.format);
  const vector = /^vec([234])(?:[fiuh])?$/.exec(type.name);
  if (vector) return vector[1] === '2' ? 8 : 16;
  return SCALAR_BYTES[type.name] ?? 0;
}

/** Summed from the syntax tree: the reflection itself does not report workgroup variables. */
function readWorkgroupBytes(code: string): number {
  let bytes = 0;
  for (const node of new WgslParser().parse(code) as unknown as { storage?: string; type?: ParsedType }[]) {
    if (node.storage === 'workgroup' && node.type) bytes += typeBytes(node.type);
  }
  return bytes;
}
