import { write } from 'node:fs';
import { promisify } from 'node:util';

const writeSome = promisify(write);

/** Milliseconds until a pipe that is full, or has no reader yet, is asked again. */
export const PIPE_INTERVAL = 5;

/**
 * Writes all of it to an open descriptor, from where that stands. A single write may take less than it was given, on a
 * file system that fills up or on a pipe, so what is left is written until there is none or the system says why not.
 * @throws the system's error
 */
export async function writeAll(descriptor: number, content: string | Uint8Array): Promise<void> {
  let rest: Uint8Array = typeof content === 'string' ? Buffer.from(content) : content;
  while (rest.length > 0) {
    try {
      const { bytesWritten } = await writeSome(descriptor, rest, 0, rest.length, null);
      rest = rest.subarray(bytesWritten);
    } catch (error) {
      // Whoever made the pipe may have set it not to block.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await new Promise((done) => setTimeout(done, PIPE_INTERVAL));
    }
  }
}
