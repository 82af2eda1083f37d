import { cursor } from './cursor.ts';
import { derivatives } from './derivatives.ts';
import { elementwise } from './elementwise.ts';
import { images } from './images.ts';
import { losses } from './losses.ts';
import { norms } from './norms.ts';
import { products } from './products.ts';
import { random } from './random.ts';
import { reductions } from './reductions.ts';
import { sequences } from './sequences.ts';
import { statistics } from './statistics.ts';
import type { Step } from './step.ts';
import { structure } from './structure.ts';
import { training } from './training.ts';

/** How often a family is drawn: what the compiler rearranges more than what it leaves alone. */
const FAMILIES: readonly (readonly [weight: number, steps: Readonly<Record<string, Step>>])[] = [
  [5, structure],
  [3, derivatives],
  [2, elementwise],
  [2, products],
  [2, cursor],
  [1, reductions],
  [1, images],
  [1, norms],
  [1, losses],
  [1, random],
  [1, sequences],
  [1, statistics],
  [2, training],
];

export const steps: Readonly<Record<string, Step>> = Object.assign(
  {},
  ...FAMILIES.map(([, family]) => family),
);

/** The names of all steps, each as often as it is to be drawn. */
export const weighted: readonly string[] = FAMILIES.flatMap(([weight, family]) =>
  Array.from({ length: weight }, () => Object.keys(family)).flat(),
);
