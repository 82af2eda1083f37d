const PREFIX = 'basin run ';

/**
 * Holds a run, so that no other tab goes on with it: until what is returned is called, or this tab is gone, however it goes.
 * @returns null where another tab holds it; else what lets go of it, which settles when it is free
 */
export function holdRun(id: string): Promise<(() => Promise<void>) | null> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(PREFIX + id, { ifAvailable: true }, (lock) => {
      if (!lock) {
        resolve(null);
        return undefined;
      }
      return new Promise<void>((release) => {
        resolve(async () => {
          release();
          await held;
        });
      });
    });
    held.catch(reject);
  });
}

/** The runs that some tab holds. */
export async function heldRuns(): Promise<ReadonlySet<string>> {
  const { held = [] } = await navigator.locks.query();
  return new Set(held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [])));
}
