import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatJson } from '../present/formatJson.ts';
import { makeFolder } from './makeFolder.ts';
import { writeOutput } from './writeOutput.ts';

/** A folder of an experiment's cells, each a JSON file: what an experiment that was stopped need not do again. */
export class CellFolder {
  readonly #path: string;

  /**
   * Makes the folder where there is none.
   * @throws InputError where that cannot be
   */
  constructor(path: string, option = '--cells') {
    this.#path = path;
    makeFolder(path, option);
  }

  /** The cells that are there, in the order of their names. */
  paths(): string[] {
    const names = readdirSync(this.#path).filter((name) => /^[^.].*\.json$/.test(name));
    return names.sort().map((name) => join(this.#path, name));
  }

  /** @throws OutputError naming the file */
  async write(name: string, cell: unknown): Promise<void> {
    await writeOutput(join(this.#path, `${name}.json`), `${formatJson(cell)}\n`);
  }
}
