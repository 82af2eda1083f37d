import type { InlineConfig } from 'vite';

/** Comments that a dependency places where Rollup does not look are no news. */
export const quiet: NonNullable<NonNullable<InlineConfig['build']>['rollupOptions']>['onwarn'] = (
  warning,
  warn,
) => {
  if (warning.code !== 'INVALID_ANNOTATION') warn(warning);
};
