import { currentRuntime } from './noAdapter.ts';

/**
 * The WebGPU implementation and its major version, such as `Chromium 150`: kernels measured on one say little of the
 * next. A page and its workers have the same.
 */
export function engineName(): string {
  const runtime = currentRuntime();
  if (runtime === 'node') return 'Node';
  const { Deno, navigator } = globalThis as {
    Deno?: { version?: { deno: string } };
    navigator?: Navigator & { userAgentData?: { brands: readonly { brand: string; version: string }[] } };
  };
  // The version of wgpu inside changes with the minor one.
  if (runtime === 'deno') return `Deno ${(Deno?.version?.deno ?? '').split('.').slice(0, 2).join('.')}`;
  const brand = navigator?.userAgentData?.brands.find(({ brand }) => brand === 'Chromium');
  if (brand) return `Chromium ${brand.version}`;
  const agent = navigator?.userAgent ?? '';
  for (const [name, pattern] of [
    ['Firefox', /Firefox\/(\d+)/],
    ['Chromium', /Chrom(?:e|ium)\/(\d+)/],
    ['Safari', /Version\/(\d+).*Safari/],
  ] as const) {
    const major = pattern.exec(agent)?.[1];
    if (major !== undefined) return `${name} ${major}`;
  }
  return 'unknown browser';
}
