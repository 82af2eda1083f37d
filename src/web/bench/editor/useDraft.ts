import { useEffect, useRef, useState } from 'preact/hooks';
import { packText, unpackText } from './sharedText.ts';

/** Milliseconds after the last key until the address holds what was written. */
const SETTLED = 400;

/** A text that is being written, and the address that holds it. */
export interface Draft {
  readonly text: string;
  /** Why the address's text could not be taken. */
  readonly error: string | undefined;
  write(text: string): void;
  /** Puts what was written last into the address now. */
  settle(): void;
}

/**
 * @param shipped what is written where the address holds no text
 * @param packed the address's
 * @param onPacked takes what the address shall hold, undefined for the shipped text
 */
export function useDraft(
  shipped: string,
  packed: string | undefined,
  onPacked: (packed: string | undefined) => void,
): Draft {
  const [draft, setDraft] = useState(() => taken(shipped, packed));
  /** What the address holds by what was written here. */
  const settled = useRef(packed);
  const pending = useRef<{ timer: number; text: string } | undefined>(undefined);

  useEffect(() => {
    if (packed === settled.current && draft.shipped === shipped) return;
    settled.current = packed;
    // What was written last gives way to what the address says now.
    clearTimeout(pending.current?.timer);
    pending.current = undefined;
    setDraft(taken(shipped, packed));
  }, [shipped, packed]);

  const settle = (): void => {
    if (!pending.current) return;
    const { timer, text } = pending.current;
    clearTimeout(timer);
    pending.current = undefined;
    settled.current = text === shipped ? undefined : packText(text);
    onPacked(settled.current);
  };
  const last = useRef(settle);
  last.current = settle;
  useEffect(() => () => last.current(), []);

  return {
    text: draft.text,
    error: draft.error,
    write(text) {
      setDraft({ shipped, text, error: undefined });
      clearTimeout(pending.current?.timer);
      pending.current = { text, timer: window.setTimeout(() => last.current(), SETTLED) };
    },
    settle,
  };
}

function taken(
  shipped: string,
  packed: string | undefined,
): { readonly shipped: string; readonly text: string; readonly error: string | undefined } {
  if (packed === undefined) return { shipped, text: shipped, error: undefined };
  try {
    return { shipped, text: unpackText(packed), error: undefined };
  } catch (error) {
    return { shipped, text: shipped, error: (error as Error).message };
  }
}
