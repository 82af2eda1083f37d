import type { Plugin } from 'vite';

/** Milliseconds between two looks for the launcher. */
const INTERVAL = 500;

/** Ends a build whose launcher was killed: nobody would take what it makes. */
export function endWithLauncher(): Plugin {
  const launcher = Number(process.env.BASIN_LAUNCHER);
  let watching = false;
  return {
    name: 'basin:end-with-launcher',
    apply: 'build',
    buildStart() {
      if (watching || !launcher) return;
      watching = true;
      const look = (): void => {
        try {
          process.kill(launcher, 0);
        } catch {
          process.exit(1);
        }
      };
      setInterval(look, INTERVAL).unref();
    },
  };
}
