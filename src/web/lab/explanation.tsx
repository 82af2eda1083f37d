import { useEffect, useRef } from 'preact/hooks';
import type { Quantity } from '../../present/quantities.ts';
import { Formula } from '../formula.tsx';

/** A button that explains a quantity: what it is, its equation, where that stands. */
export function Explanation({ quantity }: { quantity: Quantity }) {
  const popover = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = `about-${quantity.id}`;

  useEffect(() => {
    const element = popover.current;
    // Below the button, inside the window; the browser closes it on Escape and on clicks elsewhere.
    const place = () => {
      const anchor = button.current?.getBoundingClientRect();
      if (!element || !anchor) return;
      const left = Math.min(anchor.left, document.documentElement.clientWidth - element.offsetWidth - 12);
      const fitsBelow = anchor.bottom + element.offsetHeight + 12 < window.innerHeight;
      element.style.left = `${Math.max(12, left)}px`;
      element.style.top = `${fitsBelow ? anchor.bottom + 6 : Math.max(12, anchor.top - element.offsetHeight - 6)}px`;
    };
    element?.addEventListener('toggle', place);
    return () => element?.removeEventListener('toggle', place);
  }, []);

  return (
    <>
      <button
        ref={button}
        type="button"
        class="about"
        popovertarget={id}
        aria-label={`What is ${quantity.name}?`}
      >
        ?
      </button>
      <div ref={popover} id={id} class="explanation" popover="auto" role="note">
        <strong>{quantity.name}</strong>
        <p class="equation">
          <Formula text={quantity.equation} />
        </p>
        <p>
          <Formula text={quantity.meaning} />
        </p>
        <p class="source">{quantity.source}</p>
      </div>
    </>
  );
}
