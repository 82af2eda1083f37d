import type { Plugin } from 'vite';

/**
 * Plot moves lines by half a pixel on displays with one device pixel to a CSS pixel, which it finds out once, where it is loaded. A figure shall be the same
 * text wherever it was drawn, so that nothing is moved.
 */
export function plotOffset(): Plugin {
  return {
    name: 'basin:plot-offset',
    transform(code, id) {
      if (!id.split('?')[0]!.endsWith('/@observablehq/plot/src/style.js')) return null;
      const line = /^export const offset = .*$/m;
      if (!line.test(code)) throw new Error(`${id} no longer says by what it moves lines`);
      return { code: code.replace(line, 'export const offset = 0;'), map: null };
    },
  };
}
