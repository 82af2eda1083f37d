/** What a failed write says to a user. */
const REASONS: Record<string, string> = {
  ENOSPC: 'no space is left on its device',
  EDQUOT: 'the quota of its disk is used up',
  EFBIG: 'it would be larger than its file system allows',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system is read-only',
  EIO: 'its device reports an error',
  EPIPE: 'its reader has closed it',
  ENOENT: 'its folder is gone',
};

/** The output that has no path. */
export const STANDARD_OUTPUT = 'standard output';

/** An output that could not be written: which, and why. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  /** The system's name of what went wrong. */
  readonly code: string | undefined;

  readonly output: string;

  /** @param output the path as it was given, or STANDARD_OUTPUT */
  constructor(output: string, cause: unknown) {
    const { code, message } = cause as NodeJS.ErrnoException;
    super(`${output}: cannot be written: ${REASONS[code ?? ''] ?? message}`, { cause });
    this.output = output;
    this.code = code;
  }
}
