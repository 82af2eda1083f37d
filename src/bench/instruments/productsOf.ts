import type { Program } from '../../gpu/program.ts';

/**
 * Multiply-adds of the products and convolutions that a program runs, by the sizes that its kernels are given; per-example norms of
 * convolutions included, all else not counted. Of one replica.
 */
export function productsOf({ dispatches }: Pick<Program, 'dispatches'>): number {
  return dispatches.reduce((total, { kernel, params }) => {
    const of = (...names: string[]): number =>
      names.reduce((product, name) => product * (params[name] ?? 1), 1);
    if (kernel.startsWith('matmul/') && 'k' in params) {
      return total + of('m', 'n') * (params.k! + (params.k2 ?? 0));
    }
    if (kernel.startsWith('conv/') || kernel.startsWith('moments/conv2d')) {
      const outputs = of('images', 'outChannels', 'outHeight', 'outWidth');
      return total + outputs * of('channels', 'kernelHeight', 'kernelWidth');
    }
    return total;
  }, 0);
}
