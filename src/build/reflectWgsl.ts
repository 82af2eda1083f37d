import { WgslParser, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import type { KernelInterface, ScalarType } from '../gpu/kernelSource.ts';

const KNOB_BLOCK = /^\/\/ knobs\n([\s\S]*?)^\/\/ end knobs$/m;
const KNOB = /^const (\w+)\s*:\s*(u32|i32|f32|bool)\s*=\s*([^;]+);/;
const SCALARS = new Set(['u32', 'i32', 'f32']);

/**
 * Says what departs from the form of a kernel.
 * @param found what to look for in the text: its line is where it departs
 */
export type RefuseKernel = (reason: string, found?: RegExp) => never;

/**
 * Reflects a kernel's WGSL into what the engine needs at run time.
 * @param name family and kernel
 * @param refuse throws; left out, with the name of the file below `shaders/`
 * @throws if the text departs from the form every kernel has: `Params` of scalars at binding 0, entry point `main`,
 *   in group 0 storage bindings of arrays alone with an offset and a replica stride each, knobs as typed constants.
 */
export function reflectWgsl(
  name: string,
  code: string,
  refuse: RefuseKernel = (reason) => {
    throw new Error(`shaders/${name}.wgsl: ${reason}`);
  },
): KernelInterface {
  const reflection = parse(code, refuse);
  const entry = reflection.entry.compute;
  if (entry.length !== 1 || entry[0]?.name !== 'main')
    refuse('expected one compute entry point, called main', /@compute/);
  const [override] = reflection.overrides;
  if (override)
    refuse(`override ${override.name}, expected a const in the knob block`, /^[ \t]*(@id\S*\s*)?override\b/m);
  const [image] = [...reflection.textures, ...reflection.samplers];
  if (image) refuse(`a binding ${image.name} that is no buffer`, declaration(image.name));

  const uniform = reflection.uniforms[0];
  if (reflection.uniforms.length !== 1 || uniform?.name !== 'params' || uniform.binding !== 0) {
    refuse('expected one uniform, `params`, at binding 0', /var<uniform>/);
  }
  const members: { name: string; offset: number; type: { name: string } }[] =
    (uniform?.type as { members?: [] } | undefined)?.members ?? [];
  const params = members.map((member) => {
    if (!SCALARS.has(member.type.name))
      refuse(
        `Params.${member.name} is a ${member.type.name}, expected a scalar`,
        new RegExp(`\\b${member.name}\\s*:`),
      );
    return { name: member.name, offset: member.offset, type: member.type.name as ScalarType };
  });

  const storage = [...reflection.storage].sort((a, b) => a.binding - b.binding);
  const bindings = storage.map((variable) => {
    const where = declaration(variable.name);
    if (variable.group !== 0)
      refuse(`the binding ${variable.name} is in group ${variable.group}, expected 0`, where);
    if (variable.type.name !== 'array')
      refuse(`the binding ${variable.name} is a ${variable.type.name}, expected an array`, where);
    for (const suffix of ['Offset', 'Replica']) {
      if (!params.some((p) => p.name === variable.name + suffix && p.type === 'u32')) {
        refuse(`Params lacks ${variable.name}${suffix}: u32 for the binding ${variable.name}`, where);
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

/** Reflection, whose errors end in `Line: 3`. */
function parse(code: string, refuse: RefuseKernel): WgslReflect {
  try {
    return new WgslReflect(code);
  } catch (error) {
    const [, reason = 'it does not parse', line] =
      /^(.*?)\.*\s*Line:\s*(\d+)/s.exec((error as Error).message) ?? [];
    return refuse(`${reason}${line ? ` (line ${line})` : ''}`);
  }
}

/** Where a variable is declared. */
function declaration(name: string): RegExp {
  return new RegExp(`\\bvar(<[^>]*>)?\\s+${name}\\b`);
}

function readKnobs(code: string, refuse: RefuseKernel): KernelInterface['knobs'] {
  const block = KNOB_BLOCK.exec(code)?.[1] ?? '';
  const knobs: Record<string, { type: ScalarType | 'bool'; value: string }> = {};
  for (const line of block.split('\n')) {
    if (!line.trim() || line.startsWith('//')) continue;
    const match = KNOB.exec(line);
    if (!match) return refuse(`expected a typed const in the knob block, found: ${line}`, /^\/\/ knobs/m);
    knobs[match[1]!] = { type: match[2] as ScalarType | 'bool', value: match[3]!.trim() };
  }
  return knobs;
}

function readWorkgroupSize(
  code: string,
  attributes: { name: string; value: unknown }[] | null | undefined,
  refuse: RefuseKernel,
): [number, number, number] {
  const value = attributes?.find((a) => a.name === 'workgroup_size')?.value;
  const sizes = (Array.isArray(value) ? value : [value]).map((text: string) => {
    if (/^\d+u?$/.test(text)) return Number.parseInt(text, 10);
    const named = new RegExp(`^const ${text}\\s*(?::\\s*u32)?\\s*=\\s*(\\d+)u?;`, 'm').exec(code);
    return named
      ? Number.parseInt(named[1]!, 10)
      : refuse(`cannot read @workgroup_size(${value})`, /@workgroup_size/);
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
