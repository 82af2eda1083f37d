import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { basin, type Ended, execute, inFolder, ROOT } from './basin.ts';

const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** The README's blocks of a language, in their order. */
function blocks(language: string): string[] {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code!);
}

/** A project of a user's with the library installed. */
function asUser<T>(code: string, use: (folder: string) => Promise<T>): Promise<T> {
  return inFolder((folder) => {
    mkdirSync(join(folder, 'node_modules', '@webgpu'), { recursive: true });
    mkdirSync(join(folder, 'node_modules', '@types'));
    for (const [name, at] of [
      ['basin', ROOT],
      ...['webgpu', '@webgpu/types', '@types/node'].map((name) => [name, join(ROOT, 'node_modules', name)]),
    ]) {
      symlinkSync(at!, join(folder, 'node_modules', name!));
    }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(join(folder, 'example.ts'), code);
    return use(folder);
  });
}

async function run(folder: string, code: string): Promise<Ended> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  writeFileSync(join(folder, 'example.js'), outputText);
  return execute(process.execPath, ['example.js'], folder);
}

beforeAll(async () => {
  // Builds dist/ if it is stale.
  const { exitCode, stderr } = await basin(['--help'], ROOT);
  if (exitCode !== 0) throw new Error(stderr);
}, 300_000);

describe('the examples of the README', () => {
  const examples = blocks('ts');

  test('are two', () => expect(examples).toHaveLength(2));

  test('pass the type checker in strict mode, as a user has it', async () => {
    for (const code of examples) {
      await asUser(code, async (folder) => {
        const options = {
          strict: true,
          noEmit: true,
          noUncheckedIndexedAccess: true,
          target: 'es2022',
          lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'],
          module: 'nodenext',
          allowImportingTsExtensions: true,
          types: ['@webgpu/types', 'node'],
        };
        writeFileSync(
          join(folder, 'tsconfig.json'),
          JSON.stringify({ compilerOptions: options, files: ['example.ts'] }),
        );
        const { stdout, exitCode } = await execute(process.execPath, [TSC, '-p', '.'], folder);
        expect(stdout).toBe('');
        expect(exitCode).toBe(0);
      });
    }
  });

  test('train three replicas, none of which diverges, with an interval at each measured step', async () => {
    await asUser(examples[0]!, async (folder) => {
      const { stdout, stderr, exitCode } = await run(folder, examples[0]!);
      expect(stderr).toBe('');
      expect(exitCode).toBe(0);
      const lines = stdout
        .trim()
        .split('\n')
        .join(' ')
        .match(/\d \d+ \d+\.\d+(e-?\d+)? /g)!;
      expect(lines).toHaveLength(3 * 50);
    });
  });

  test('multiply by a Hessian', async () => {
    await asUser(examples[1]!, async (folder) => {
      const { stdout, stderr, exitCode } = await run(folder, examples[1]!);
      expect(stderr).toBe('');
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^Float32Array\(\d+\) \[\s+-?\d/);
    });
  });
});
