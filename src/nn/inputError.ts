/**
 * Something a user gave (a file, a model, a data set) cannot be used as it is.
 *
 * `file` is the file as the user named it, `item` the tensor, layer or part of it, `reason` what was found and
 * what was expected.
 */
export class InputError extends Error {
  readonly file: string;
  readonly item: string;
  readonly reason: string;

  constructor(file: string, item: string, reason: string) {
    super(`${file}: ${item}: ${reason}`);
    this.name = 'InputError';
    this.file = file;
    this.item = item;
    this.reason = reason;
  }
}
