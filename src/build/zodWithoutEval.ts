import type { Plugin } from 'vite';

/**
 * Zod writes a faster parser for a schema as program text where it may evaluate some, and tries whether it may: a page's content security
 * policy refuses that, and reports the attempt. Its switch has to be set before the first schema is made, which no import of ours is sure
 * to be.
 */
export function zodWithoutEval(): Plugin {
  return {
    name: 'basin:zod-without-eval',
    transform(code, id) {
      if (!id.split('?')[0]!.endsWith('/zod/v4/core/core.js')) return null;
      const line = /__zod_globalConfig = \{\}/;
      if (!line.test(code)) throw new Error(`${id} no longer says where its switches are`);
      return { code: code.replace(line, '__zod_globalConfig = { jitless: true }'), map: null };
    },
  };
}
