import { formatJson } from '../present/formatJson.ts';
import { print } from './print.ts';
import { writeOutput } from './writeOutput.ts';

/** Writes an output and says so on standard error. @throws OutputError */
export async function save(path: string, content: string | Uint8Array): Promise<void> {
  const replaced = await writeOutput(path, content);
  process.stderr.write(`wrote ${path}${replaced ? ', in place of an earlier file' : ''}\n`);
}

/**
 * Writes a result as JSON. Where that fails it goes to standard output, so that what was computed is not lost.
 * @throws OutputError
 */
export async function saveJson(path: string, result: unknown): Promise<void> {
  const text = `${formatJson(result)}\n`;
  try {
    await save(path, text);
  } catch (error) {
    process.stderr.write(`basin: ${path} could not be written; the result is on standard output instead\n`);
    await print(text);
    throw error;
  }
}
