/** What an edited text, or its grid, cannot be: said of a line of it, from 1, or of the whole at 0. */
export class EditRefusal extends Error {
  override readonly name = 'EditRefusal';
  readonly line: number;

  constructor(message: string, line = 0) {
    super(message);
    this.line = line;
  }
}
