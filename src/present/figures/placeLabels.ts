import { textWidth } from './textWidth.ts';

/** A name beside its point: to the right of it (its text starts there) or to the left, above or below. */
export interface LabelPlace {
  readonly anchor: 'start' | 'end';
  readonly dy: number;
}

/** What is named, in pixels. */
export interface Labelled {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** From a point to its name, and to the middle of a name above or below. */
export const LABEL_GAP = 8;
const ABOVE = -8;
const BELOW = 13;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Places for names beside their points: above and towards the chart's middle where that is free, else wherever names placed before leave room; above all the
 * same where there is none.
 * @param width of the chart, in pixels from its left edge
 */
export function placeLabels(points: readonly Labelled[], size: number, width: number): LabelPlace[] {
  const taken: Box[] = [];
  return points.map(({ name, x, y }) => {
    const inwards = x <= width / 2 ? (['start', 'end'] as const) : (['end', 'start'] as const);
    const places = [ABOVE, BELOW].flatMap((dy) => inwards.map((anchor): LabelPlace => ({ anchor, dy })));
    const boxOf = ({ anchor, dy }: LabelPlace): Box => {
      const long = textWidth(name, size);
      const left = anchor === 'start' ? x + LABEL_GAP : x - LABEL_GAP - long;
      return { left, right: left + long, top: y + dy - size / 2, bottom: y + dy + size / 2 };
    };
    const isFree = (place: LabelPlace): boolean => {
      const box = boxOf(place);
      return box.left >= 0 && box.right <= width && !taken.some((other) => overlaps(box, other));
    };
    const chosen = places.find(isFree) ?? places[0]!;
    taken.push(boxOf(chosen));
    return chosen;
  });
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
