declare module '*.wgsl' {
  import type { KernelSource } from './kernelSource.ts';

  const source: KernelSource;
  export default source;
}
