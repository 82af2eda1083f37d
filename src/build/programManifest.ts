import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Looked up on the user's machine when they are wanted; everything else is bundled. */
export const RUN_TIME = ['webgpu', 'playwright-core'];

/**
 * `dist/package.json`: what lies there, but the library, is the package `basin-cli`. Version, addresses and the versions of what it
 * needs are those of the root's manifest.
 */
export async function programManifest(root: string, dist: string): Promise<void> {
  const { version, license, author, repository, homepage, bugs, engines, devDependencies } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  );
  const manifest = {
    name: 'basin-cli',
    version,
    description:
      "Basin's command line, pages and data sets: train, measure, experiment and benchmark on WebGPU",
    keywords: ['webgpu', 'machine-learning', 'sgd', 'noise-scale', 'hessian', 'benchmark', 'cli'],
    license,
    author,
    repository,
    homepage,
    bugs,
    type: 'module',
    engines,
    bin: { basin: 'cli.js' },
    files: ['*', '!library'],
    dependencies: Object.fromEntries(RUN_TIME.map((name) => [name, devDependencies[name]])),
  };
  await writeFile(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
