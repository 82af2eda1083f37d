import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/**
 * Keeps the focus on a control where a run's beginning or end disables the one that had it: whoever uses the keyboard is not sent to the
 * top of the page.
 */
export function useRunFocus(
  running: boolean,
  run: RefObject<HTMLButtonElement | null>,
  stop: RefObject<HTMLButtonElement | null>,
): void {
  const wasRunning = useRef(false);
  useEffect(() => {
    const focused = document.activeElement;
    const lost = focused === null || focused === document.body || focused.matches(':disabled');
    if (running && lost) stop.current?.focus();
    else if (!running && wasRunning.current && lost) run.current?.focus();
    wasRunning.current = running;
  }, [running]);
}
