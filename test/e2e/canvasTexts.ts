import type { Page } from 'playwright-core';

/** A text on a canvas, by its box in CSS pixels from the canvas’s corner. */
export interface CanvasText {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A chart that is drawn on a canvas, with what is written on it. */
export interface WrittenChart {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly texts: readonly CanvasText[];
}

/** Notes what scripts write on canvases from here on: a canvas tells its pixels only. */
export async function noteCanvasTexts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const prototype = CanvasRenderingContext2D.prototype;
    const written = new WeakMap<HTMLCanvasElement, CanvasText[]>();
    const { fillText, clearRect } = prototype;
    prototype.clearRect = function (...box) {
      written.delete(this.canvas);
      return clearRect.apply(this, box);
    };
    prototype.fillText = function (text, x, y, ...rest) {
      const metrics = this.measureText(text);
      const at = this.getTransform();
      const corners = [
        [x - metrics.actualBoundingBoxLeft, y - metrics.actualBoundingBoxAscent],
        [x + metrics.actualBoundingBoxRight, y + metrics.actualBoundingBoxDescent],
      ].map(([x, y]) => at.transformPoint({ x: x!, y: y! }));
      const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
      const scale = devicePixelRatio;
      const box = {
        text,
        left: Math.min(...xs) / scale,
        right: Math.max(...xs) / scale,
        top: Math.min(...ys) / scale,
        bottom: Math.max(...ys) / scale,
      };
      written.set(this.canvas, [...(written.get(this.canvas) ?? []), box]);
      return fillText.call(this, text, x, y, ...rest);
    };
    Object.assign(window, { canvasTexts: (canvas: HTMLCanvasElement) => written.get(canvas) ?? [] });
  });
}

/** The charts of the Lab, by their quantities. */
export function writtenCharts(page: Page): Promise<WrittenChart[]> {
  return page.locator('[data-quantity] canvas').evaluateAll((canvases) => {
    const { canvasTexts } = window as unknown as { canvasTexts(canvas: Element): CanvasText[] };
    return canvases.map((canvas) => {
      const { width, height } = canvas.getBoundingClientRect();
      const id = canvas.closest('[data-quantity]')!.getAttribute('data-quantity')!;
      return { id, width, height, texts: canvasTexts(canvas) };
    });
  });
}

/** Texts that reach beyond their chart, or that lie over one another. */
export function misplacedTexts(charts: readonly WrittenChart[]): string[] {
  return charts.flatMap(({ id, width, height, texts }) => {
    const beyond = texts.filter(
      ({ left, right, top, bottom }) =>
        left < -0.5 || top < -0.5 || right > width + 0.5 || bottom > height + 0.5,
    );
    const over = texts.flatMap((a, i) =>
      texts
        .slice(i + 1)
        .filter(
          (b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1,
        )
        .map((b) => `${id}: “${a.text}” over “${b.text}”`),
    );
    return [...beyond.map(({ text }) => `${id}: “${text}” is cut off`), ...over];
  });
}
