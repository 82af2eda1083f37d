import type { Drawn } from './figures/liveFigure.ts';

/** Results of a figure's runs that come with the page, so that something is there at once. */
export interface BundledFigure {
  /** What they were computed on, and when. */
  readonly adapter: string;
  readonly date: string;
  /** By the runs of the figure. */
  readonly runs: Readonly<Record<string, Drawn>>;
}

/** The files; each loaded when its figure is near. */
const FILES = import.meta.glob<BundledFigure>('./bundled/*.json', { import: 'default' });

/** @throws Error where the file cannot be loaded */
export async function bundledFigure(id: string): Promise<BundledFigure> {
  const file = FILES[`./bundled/${id}.json`];
  if (!file) throw new Error(`no bundled results of the figure ${id}`);
  return file();
}
