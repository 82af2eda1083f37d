import { InputError } from '../host/inputError.ts';
import { printable } from '../host/showValue.ts';
import type { Dataset } from './dataset.ts';

/** Classes that any data may imply; more must be as good as all there, since one odd label would size the model. */
const MOST_CLASSES = 1000;

/** How many outputs labels ask of a model that does not say so itself. */
export interface ImpliedClasses {
  readonly classes: number;
  /** What is odd about them, if anything is. */
  readonly note?: string;
}

/**
 * The classes that labels imply: the largest + 1, at least 2; as many as the data set says where it is one of known classes.
 * @throws InputError naming the example with the largest label, where the labels take fewer than half the values below it
 *   and that is above 1,000: dates or identifiers are no classes
 */
export function impliedClasses({ name, targets, examples }: Dataset): ImpliedClasses {
  if (targets.kind !== 'classes') throw new TypeError(`${name}: its targets are no classes`);
  const { labels } = targets;
  const classes = Math.max(2, targets.classes);
  const values = new Set(labels);
  if (classes > Math.max(MOST_CLASSES, 2 * values.size)) {
    const example = labels.indexOf(targets.classes - 1);
    throw new InputError(
      name,
      'y',
      `example ${example} has label ${targets.classes - 1}, which asks for a model of ${classes} outputs, while ${examples} ` +
        `examples have ${values.size} different labels; number the classes from 0, or give a model with as many outputs`,
    );
  }
  if (values.size === classes) return { classes };
  const missing = Array.from({ length: classes }, (_, label) => label).filter((label) => !values.has(label));
  const shown = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
  return {
    classes,
    note: `${printable(name)}: labels up to ${targets.classes - 1} make ${classes} outputs; no example has label ${shown}`,
  };
}
