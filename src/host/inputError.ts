import { printable } from './showValue.ts';

/** What a message holds of names and values at most: they come from files, and may be megabytes. */
const LONGEST_ITEM = 1000;
const LONGEST_REASON = 4000;

/**
 * Something a user gave (a file, a model, a data set) cannot be used as it is.
 *
 * `file` is the file as the user named it, `item` the tensor, layer or part of it, `reason` what was found and
 * what was expected. The last two are cut where they are very long, and hold no control characters.
 */
export class InputError extends Error {
  readonly file: string;
  readonly item: string;
  readonly reason: string;

  constructor(file: string, item: string, reason: string) {
    const [shownItem, shownReason] = [printable(item, LONGEST_ITEM), printable(reason, LONGEST_REASON)];
    super(`${printable(file)}: ${shownItem}: ${shownReason}`);
    this.name = 'InputError';
    this.file = file;
    this.item = shownItem;
    this.reason = shownReason;
  }
}
