declare module '*.wgsl' {
  import type { KernelSource } from './kernelSource.ts';

  const source: KernelSource;
  export default source;
}

// Kernels that share a file with others, by the conditions that they are linked with.
declare module '*.wgsl?vec4' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?vec4&NN' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?vec4&NT' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?vec4&TN' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?half' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?half&f16' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?NN' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?NT' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?TN' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?subgroups' {
  export { default } from 'kernel.wgsl';
}

/** Kernels for reading, by name. */
declare module 'virtual:kernelTexts' {
  import type { KernelText } from './kernelSource.ts';

  export const kernelTexts: Readonly<Record<string, () => Promise<{ readonly default: KernelText }>>>;
}
declare module '*.wgsl?tiled' {
  export { default } from 'kernel.wgsl';
}
declare module '*.wgsl?tiled&vec4' {
  export { default } from 'kernel.wgsl';
}
