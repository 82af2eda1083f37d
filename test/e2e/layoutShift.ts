import type { Page } from 'playwright-core';

/** How far what is on a page has been moved about since it was opened, what follows the user’s hand aside. */
export function layoutShift(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => {
          const moves = list.getEntries() as (PerformanceEntry & {
            value: number;
            hadRecentInput: boolean;
          })[];
          resolve(moves.filter((move) => !move.hadRecentInput).reduce((sum, { value }) => sum + value, 0));
        }).observe({ type: 'layout-shift', buffered: true });
        // Without an entry there is no call.
        setTimeout(() => resolve(0), 500);
      }),
  );
}
