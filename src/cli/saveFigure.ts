import type { ContourPanel, Figure, Panel } from '../experiments/figure.ts';
import { InputError } from '../host/inputError.ts';
import { save } from './saveResult.ts';

/**
 * Checks before a run that a figure's file is named as what it will be.
 * @throws InputError
 */
export function checkFigureName(path: string | undefined): void {
  if (path === undefined || /\.svg$/i.test(path)) return;
  throw new InputError(path, '--figure', 'expected a name that ends in .svg: figures are drawn as SVG');
}

/** Draws a figure into an SVG file, and says so on standard error. @throws OutputError */
export async function saveFigure(path: string, figure: Figure<Panel | ContourPanel>): Promise<void> {
  const { figureText } = await import('./figureText.ts');
  await save(path, figureText(figure));
}
