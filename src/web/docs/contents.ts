/** The pages of the documentation, in the order of their contents; files are from this folder. */
export const DOCS = [
  { name: 'Start', files: ['index.md', 'glossary.md'] },
  {
    name: 'Examples',
    files: [
      'examples/sweep.md',
      'examples/checkpoint.md',
      'examples/transformer.md',
      'examples/hessianProduct.md',
      'examples/ownKernel.md',
      'examples/gpuTest.md',
      'examples/cluster.md',
    ],
  },
  {
    name: 'Reference',
    files: [
      'lab.md',
      'library.md',
      'data.md',
      'train.md',
      'measure.md',
      'sharpness.md',
      'landscape.md',
      'experiments.md',
      'figures.md',
      'kernels.md',
      'commandLine.md',
    ],
  },
  { name: 'Inside', files: ['engine.md'] },
] as const;
