import type { ComponentChildren } from 'preact';

/** Something wider or longer than its place. */
export function ScrollRegion(props: { label: string; look: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll what has the focus
    <section class={`scroll ${props.look}`} tabIndex={0} aria-label={props.label}>
      {props.children}
    </section>
  );
}
