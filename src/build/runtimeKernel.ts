import type { KernelSource } from '../gpu/kernelSource.ts';
import { InputError } from '../host/inputError.ts';
import { sha256 } from '../host/sha256.ts';
import { type RefuseKernel, reflectWgsl } from './reflectWgsl.ts';

/**
 * A kernel of a text that was not there when Basin was built, reflected as the build reflects its own.
 * @throws InputError with the kernel's name, the line and what was expected
 */
export async function runtimeKernel(name: string, code: string): Promise<KernelSource> {
  const refuse: RefuseKernel = (reason, found) => {
    const at = found ? code.search(found) : -1;
    throw new InputError(
      `kernel ${name}`,
      at < 0 ? 'WGSL' : `line ${code.slice(0, at).split('\n').length}`,
      reason,
    );
  };
  const linked = /^[ \t]*(import\s+\w+::|@(if|else)\b)/m;
  if (linked.test(code))
    refuse("imports and @if are for kernels of Basin's own build, expected plain WGSL", linked);
  const reflected = reflectWgsl(name, code, refuse);
  if (reflected.bindings.length === 0) refuse('it has no storage binding, so nothing that it could write');
  reflected.bindings.forEach(({ name: binding, binding: at }, i) => {
    if (at === i + 1) return;
    refuse(`the binding ${binding} is at ${at}, expected ${i + 1}`, new RegExp(`>\\s+${binding}\\b`));
  });
  const statements = code.replace(/\/\/.*$/gm, '').replace(/\/\*.*?\*\//gs, '');
  for (const { name: binding } of reflected.bindings) {
    for (const member of [`${binding}Offset`, `${binding}Replica`]) {
      if (new RegExp(`\\.${member}\\b`).test(statements)) continue;
      const place = `${binding}[params.${binding}Offset + group.z * params.${binding}Replica + i]`;
      refuse(
        `params.${member} is not used: an element of ${binding} is ${place}`,
        new RegExp(`\\b${member}\\b`),
      );
    }
  }
  return {
    ...reflected,
    version: (await sha256(code)).slice(0, 16),
    ofUser: { folds: /@builtin\s*\(\s*num_workgroups\s*\)/.test(statements) },
    code: async () => code,
  };
}
