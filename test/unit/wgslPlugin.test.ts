import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { KERNEL_EDIT, type KernelEdit } from '../../src/build/kernelEdit.ts';
import { wgslPlugin } from '../../src/build/wgslPlugin.ts';

const shader = (file: string): string =>
  fileURLToPath(new URL(`../../shaders/${file}.wgsl`, import.meta.url));

/** What the open pages are told, and the files whose modules are made anew, when a file is written. */
async function write(file: string): Promise<{ edits: KernelEdit[]; invalidated: string[] }> {
  const edits: KernelEdit[] = [];
  const invalidated: string[] = [];
  const server = {
    ws: {
      send(event: string, edit: KernelEdit) {
        expect(event).toBe(KERNEL_EDIT);
        edits.push(edit);
      },
    },
    moduleGraph: {
      getModulesByFile: (path: string) => new Set([path]),
      invalidateModule: (path: string) => invalidated.push(path),
    },
  };
  const hook = wgslPlugin().handleHotUpdate as unknown as (context: object) => Promise<unknown>;
  await hook.call(undefined, { file: shader(file), server });
  return { edits, invalidated };
}

test('a written kernel is sent to the open pages', async () => {
  const { edits, invalidated } = await write('structure/fill');
  expect(edits.map(({ name, error }) => [name, error])).toEqual([['structure/fill', undefined]]);
  expect(edits[0]!.text!.written).toContain('// fill: ');
  expect(invalidated).toEqual([shader('structure/fill')]);
});

test('every kernel of a written file, and every one that imports it, is sent', async () => {
  expect((await write('matmul/matmulTiled')).edits.map(({ name }) => name)).toEqual([
    'matmul/matmulTiled',
    'matmul/matmulTiledVec4',
    'matmul/matmulTiledHalf',
    'matmul/matmulTiledF16',
  ]);
  const { edits, invalidated } = await write('shared/threefry');
  const kernels = [
    'random/dropout',
    'random/restart',
    'random/signs',
    'sampling/indices',
    // By way of shared/gaussian.
    'subspace/columns',
    'subspace/expand',
    'subspace/project',
    'training/augment',
  ];
  expect(edits.map(({ name }) => name)).toEqual(kernels);
  expect(invalidated).toEqual(kernels.map(shader));
});
