import { linkRegistry, type ModuleResolver, parseSrcModule, type WeslAST, withLoggerAsync } from 'wesl/core';
import { KernelError } from './kernelError.ts';
import { splitHeader } from './splitHeader.ts';

/** What `linkWgsl` makes. */
export interface LinkedWgsl {
  /** WGSL, with the header of the file that was linked. */
  readonly code: string;
  /** The files that it is made of, as paths below `shaders/` without the extension. */
  readonly files: readonly string[];
}

/**
 * One kernel as WGSL: its file with what it imports (WESL's `import package::shared::…`, `package` being `shaders/`) behind it,
 * of which only what is used, and of the alternatives marked `@if` those that hold.
 * @param file path below `shaders/` without the extension
 * @param conditions names that are true in `@if`; all others are false
 * @param read the text of a file, undefined where there is none
 * @throws KernelError naming the file, the line, and the function or file that it imports in vain; where an import is not used
 */
export async function linkWgsl(
  file: string,
  conditions: readonly string[],
  read: (file: string) => string | undefined,
): Promise<LinkedWgsl> {
  const modules = new Map<string, WeslAST>();
  const headers = new Map<string, string>();
  const resolver: ModuleResolver = {
    resolveModule(modulePath) {
      const known = modules.get(modulePath);
      if (known) return known;
      const path = modulePath.replace(/^package::/, '').replaceAll('::', '/');
      const text = read(path);
      if (text === undefined) return undefined;
      // Before imports a header is dropped, and before a declaration it would move with it; lines keep their numbers.
      const { header, rest } = splitHeader(text);
      headers.set(path, header);
      refuseUnusedImports(path, rest);
      const src = '\n'.repeat(header.split('\n').length - 1) + rest;
      const module = parseSrcModule({ modulePath, debugFilePath: shaderPath(path), src });
      modules.set(modulePath, module);
      return module;
    },
  };
  const rootModuleName = `package::${file.replaceAll('/', '::')}`;
  try {
    // Its errors are thrown; what it logs beside them is the same.
    const { dest } = await withLoggerAsync(
      () => {},
      async () =>
        linkRegistry({
          resolver,
          rootModuleName,
          conditions: Object.fromEntries(conditions.map((name) => [name, true])),
          sourceMap: false,
        }),
    );
    return { code: `${headers.get(file)}\n${tidied(dest.text)}`, files: [...headers.keys()] };
  } catch (error) {
    throw new KernelError(readable(error as WeslError, file), [...headers.keys()]);
  }
}

function shaderPath(file: string): string {
  return `shaders/${file}.wgsl`;
}

/** An import that is misspelt fails where it is used, so none may be without use. */
function refuseUnusedImports(file: string, text: string): void {
  const imports = [...text.matchAll(/^import\s+([^;]+);/gm)];
  const body = imports
    .reduce((left, [statement]) => left.replace(statement, ''), text)
    .replace(/\/\/.*$/gm, '');
  for (const [, tree] of imports) {
    for (const [, name] of tree!.matchAll(/(\w+)\s*(?=[,}]|$)/g)) {
      if (!new RegExp(`\\b${name}\\b`).test(body)) {
        throw new Error(`${shaderPath(file)}: imports ${name} and does not use it`);
      }
    }
  }
}

interface WeslError extends Error {
  readonly weslLocation?: { readonly file: string; readonly line: number };
}

function readable({ message, weslLocation }: WeslError, file: string): string {
  if (message.startsWith('shaders/')) return message;
  const place = weslLocation ? `${weslLocation.file}:${weslLocation.line}` : shaderPath(file);
  const module = (path: string): string => shaderPath(path.replaceAll('::', '/'));
  const reason = message
    .replace(/ in file: \S+$/, '')
    .replace(/^no exported '(\w+)' in module 'package::([\w:]+)'$/, (_, name: string, path: string) => {
      return `imports ${name}, which ${module(path)} does not have`;
    })
    .replace(/^module not found for 'package::([\w:]+)::(\w+)'$/, (_, path: string, name: string) => {
      return `imports ${name} of ${module(path)}, which does not exist`;
    });
  return `${place}: ${reason}`;
}

/** Without the empty lines that the linker writes between all declarations. */
function tidied(code: string): string {
  return `${code
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^((?:const|@group|var<|alias|enable) ?.*;)\n\n(?=(?:const|@group|var<|alias) ?.*;$)/gm, '$1\n')
    .trim()}\n`;
}
