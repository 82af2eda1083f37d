import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

/** One tab stop for many marks of a chart. */
export interface Roving {
  /** The mark that the tab key comes to. */
  readonly stop: number;
  readonly count: number;
  goTo(index: number): void;
}

/**
 * @param count of the marks
 * @param start the mark that the tab key comes to before any has been visited
 */
export function useRoving(count: number, start: number): Roving {
  const [at, goTo] = useState<number>();
  return { stop: Math.min(at ?? Math.max(0, start), count - 1), count, goTo };
}

interface MarkProps {
  index: number;
  roving: Roving;
  /** Where there is no text in it. */
  label?: string;
  pressed: boolean;
  look: string;
  onPress(): void;
  /** Has the pointer or the focus, or no longer. */
  onPoint?(pointed: boolean): void;
  children: ComponentChildren;
}

/** A part of a chart that is a button: arrow keys go from one to the next, Home and End to the ends. */
export function Mark({ index, roving, label, pressed, look, onPress, onPoint, children }: MarkProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onPress();
      return;
    }
    const target = targetOf(event.key, index, roving.count);
    if (target === undefined) return;
    event.preventDefault();
    roving.goTo(target);
    const marks = (event.currentTarget as Element).parentElement?.children;
    (marks?.[target] as SVGElement | undefined)?.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <button> is no part of an SVG
    <g
      class={pressed ? `mark ${look} selected` : `mark ${look}`}
      role="button"
      tabIndex={index === roving.stop ? 0 : -1}
      aria-pressed={pressed}
      aria-label={label}
      onClick={onPress}
      onKeyDown={onKeyDown}
      onFocus={() => {
        roving.goTo(index);
        onPoint?.(true);
      }}
      onBlur={() => onPoint?.(false)}
      onMouseEnter={() => onPoint?.(true)}
      onMouseLeave={() => onPoint?.(false)}
    >
      {children}
    </g>
  );
}

function targetOf(key: string, index: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return Math.min(count - 1, index + 1);
    case 'ArrowLeft':
    case 'ArrowUp':
      return Math.max(0, index - 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
