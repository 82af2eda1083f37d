import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const narrow = matchMedia('(max-width: 40rem)');

/** What a small screen shows when it is asked for, so that the page does not begin with it; a larger one shows it at once. */
export function Fold({ summary, children }: { summary: string; children: ComponentChildren }) {
  const [folds, setFolds] = useState(narrow.matches);
  useEffect(() => {
    const follow = () => setFolds(narrow.matches);
    narrow.addEventListener('change', follow);
    return () => narrow.removeEventListener('change', follow);
  }, []);
  if (!folds) return <>{children}</>;
  return (
    <details class="fold">
      <summary>{summary}</summary>
      {children}
    </details>
  );
}
