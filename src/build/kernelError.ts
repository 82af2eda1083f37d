/** A kernel that cannot be linked, or is not of the form that every kernel has. */
export class KernelError extends Error {
  /** The files that it is made of, as far as they were read: paths below `shaders/` without the extension. */
  readonly files: readonly string[];

  constructor(message: string, files: readonly string[]) {
    super(message);
    this.name = 'KernelError';
    this.files = files;
  }
}
