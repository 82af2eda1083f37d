import { WgslParser } from 'wgsl_reflect/wgsl_reflect.module.js';
import { reflectWgsl } from '../build/reflectWgsl.ts';
import type { KernelSource } from '../gpu/kernelSource.ts';
import { specialise } from '../gpu/specialise.ts';

/** What one variant of a kernel takes of a GPU. */
export interface Variant {
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroup memory in bytes. */
  readonly workgroupBytes: number;
  /** float32 numbers in the variables of `main` that it adds to. */
  readonly accumulators: number;
}

/** Reads a variant's own WGSL: the knobs' values change what is declared. */
export function reflectVariant(
  source: KernelSource,
  knobs: Readonly<Record<string, number | boolean>> = {},
): Variant {
  const code = specialise(source, knobs);
  const { workgroupSize, workgroupBytes } = reflectWgsl(source.name, code);
  return { workgroupSize, workgroupBytes, accumulators: accumulators(code) };
}

// What the parser makes of a declaration, an assignment or a branch; other nodes have none of these.
interface Syntax {
  readonly name?: string;
  readonly astNodeType?: string;
  readonly type?: SyntaxType | null;
  readonly value?: { readonly type?: SyntaxType } | null;
  readonly operator?: string;
  readonly variable?: { readonly name: string };
  readonly condition?: Condition;
  readonly body?: unknown;
  readonly else?: unknown;
  readonly elseif?: unknown;
}

interface SyntaxType {
  readonly name: string;
  readonly format?: SyntaxType | null;
  readonly count?: number;
}

interface Condition {
  readonly operator?: string;
  readonly left?: Condition;
  readonly name?: string;
}

function accumulators(code: string): number {
  const main = (new WgslParser().parse(code) as unknown as Syntax[]).find(
    ({ astNodeType, name }) => astNodeType === 'function' && name === 'main',
  );
  const off = new Set([...code.matchAll(/^const (\w+)\s*:\s*bool\s*=\s*false;/gm)].map(([, name]) => name!));
  const added = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const each of node) visit(each);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    const { operator, variable, condition, body, ...rest } = node as Syntax;
    if (operator === '+=' && variable) added.add(variable.name);
    // What a knob has switched off takes no register.
    if (!(condition && off.has(first(condition)))) visit(body);
    visit(rest.else);
    visit(rest.elseif);
  };
  visit(main?.body);
  const declared = (main?.body as Syntax[] | undefined) ?? [];
  return declared
    .filter(({ astNodeType, name }) => astNodeType === 'var' && added.has(name!))
    .reduce((total, { type, value }) => total + floats(type ?? value?.type), 0);
}

/** The name that a chain of && begins with. */
function first({ operator, left, name = '' }: Condition): string {
  return operator === '&&' && left ? first(left) : name;
}

/** float32 numbers in a type; none in one of integers. */
function floats(type: SyntaxType | undefined): number {
  if (!type) return 0;
  const { name, format, count = 0 } = type;
  if (name === 'array') return count * floats(format ?? undefined);
  if (name === 'f32') return 1;
  const shape = /^(?:vec([234])|mat([234])x([234]))(f?)/.exec(name);
  if (!shape || (format && format.name !== 'f32') || (!format && !shape[4])) return 0;
  return shape[1] ? Number(shape[1]) : Number(shape[2]) * Number(shape[3]);
}
