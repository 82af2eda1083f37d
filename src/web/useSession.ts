import { useEffect, useState } from 'preact/hooks';

/** Something that tells when it changed; the function it gives ends that. */
export interface Watched {
  subscribe(listener: () => void): () => void;
}

/**
 * A number that counts the session's changes, at most one an animation frame, and fewer where drawing takes long: it
 * gets about a third of the page's time, the rest stays free for input.
 */
export function useSession(session: Watched): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    let frame = 0;
    let earliest = 0;
    const draw = (now: number) => {
      if (now < earliest) {
        frame = requestAnimationFrame(draw);
        return;
      }
      frame = 0;
      const before = performance.now();
      setVersion((count) => count + 1);
      // After this render and its layout.
      setTimeout(() => {
        earliest = performance.now() + 2 * (performance.now() - before);
      });
    };
    const unsubscribe = session.subscribe(() => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    });
    // What changed before anyone listened.
    setVersion((count) => count + 1);
    return () => {
      unsubscribe();
      cancelAnimationFrame(frame);
    };
  }, [session]);
  return version;
}
