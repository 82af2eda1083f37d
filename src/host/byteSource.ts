/** What lies at a path. */
export interface Found {
  /** The path that was tried, in full. */
  readonly path: string;
  readonly is: 'file' | 'folder' | 'nothing';
}

/** Whoever can turn a path, as the user named it, into bytes. */
export interface ByteSource {
  /**
   * The bytes of a file. Built-in data sets are `builtin:<set>/<file>`, uncompressed.
   * @throws if there is no such file, with the path that was tried.
   */
  read(path: string): Promise<Uint8Array>;
  /** Looks whether there is a file. A source that cannot tell is asked for files by their names alone. */
  find?(path: string): Promise<Found>;
}
