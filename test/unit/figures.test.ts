import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseHTML } from 'linkedom/worker';
import { describe, expect, test } from 'vitest';
import type { ContourPanel, Figure, FigureMark, Panel } from '../../src/experiments/figure.ts';
import type { LandscapeResult, LinePoint } from '../../src/measure/landscape/landscapeResult.ts';
import type { SharpnessResult } from '../../src/measure/sharpness/sharpnessResult.ts';
import { densityFigure } from '../../src/present/figures/densityFigure.ts';
import { drawFigure } from '../../src/present/figures/drawFigure.ts';
import { landscapeFigure } from '../../src/present/figures/landscapeFigure.ts';
import { PALETTES } from '../../src/present/figures/look.ts';
import { sharpnessFigure } from '../../src/present/figures/sharpnessFigure.ts';
import { svgText } from '../../src/present/figures/svgText.ts';

const facts = {
  examples: 100,
  testExamples: 50,
  parameters: 10,
  batchNorm: null,
  bnBatchSize: null,
  warnings: [],
} as const;

const { document } = parseHTML('<html></html>') as unknown as { document: Document };

function draw(figure: Figure<Panel | ContourPanel>, width = 760): SVGSVGElement {
  return drawFigure(figure, { document, theme: 'light', width });
}

const texts = (svg: Element): string[] =>
  [...svg.querySelectorAll('text')].map(({ textContent }) => textContent!);

/** The points of the first path below an element of a class. */
function pathOf(svg: Element, look: string, index = 0): [number, number][] {
  const d = svg.querySelectorAll(`.${look} path`)[index]!.getAttribute('d')!;
  return [...d.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

function linePoints(of: (t: number) => Omit<LinePoint, 't'>): LinePoint[] {
  return [-1, -0.5, 0, 0.5, 1, 1.5, 2].map((t) => ({ t, ...of(t) }));
}

const line = (points: readonly LinePoint[]): LandscapeResult => ({
  kind: 'line',
  curved: false,
  distance: 2,
  ...facts,
  points,
});

describe('the figure of a line', () => {
  const points = linePoints((t) => ({
    loss: 1 + t * t,
    accuracy: 0.5,
    testLoss: 2 + t * t,
    testAccuracy: 0.25,
  }));

  test('has the loss on the left axis and the accuracy on the right one, the test set dashed', () => {
    const svg = draw(landscapeFigure(line(points)));
    for (const label of [
      'loss',
      'accuracy (%)',
      't (0: the first weights, 1: the second)',
      'training loss',
    ]) {
      expect(texts(svg)).toContain(label);
    }
    const curves = [...svg.querySelectorAll('.curve')];
    expect(curves.map((curve) => curve.getAttribute('stroke-dasharray') !== null)).toEqual([
      false,
      true,
      false,
      true,
    ]);
    // The loss' axis goes from 0 to 6.36, that of the accuracy from 0 to 100 %, both over 240 − 54 pixels below the margin of 10.
    const yAt = (share: number): number => 10 + (1 - share) * (240 - 54);
    for (const [i, [, y]] of pathOf(svg, 'curve', 0).entries()) {
      expect(y).toBeCloseTo(yAt(points[i]!.loss! / (1.06 * 6)), 2);
    }
    for (const [, y] of pathOf(svg, 'curve', 3)) expect(y).toBeCloseTo(yAt(0.25), 2);
  });

  test('has one axis where there are no classes, and a gap where a loss is not finite', () => {
    const none = { accuracy: null, testLoss: null, testAccuracy: null };
    const svg = draw(
      landscapeFigure(line(linePoints((t) => ({ loss: t === 1 ? null : 1 + t * t, ...none })))),
    );
    expect(texts(svg)).not.toContain('accuracy (%)');
    expect(svg.querySelectorAll('.curve').length).toBe(1);
    const d = svg.querySelector('.curve path')!.getAttribute('d')!;
    expect(d.match(/M/g)!.length).toBe(2);
    expect(pathOf(svg, 'curve').length).toBe(6);
  });

  test('takes logarithms of losses that a linear axis would lay flat', () => {
    const svg = draw(landscapeFigure(line(linePoints((t) => ({ ...points[0]!, loss: 10 ** (2 * t) })))));
    const heights = pathOf(svg, 'curve', 0).map(([, y]) => y);
    const steps = heights.slice(1).map((y, i) => y - heights[i]!);
    for (const step of steps) expect(step).toBeCloseTo(steps[0]!, 2);
  });
});

describe('the figure of a plane', () => {
  const x = Array.from({ length: 31 }, (_, i) => i / 5);
  const y = Array.from({ length: 16 }, (_, j) => j / 5);
  const plane = (loss: (number | null)[][]): LandscapeResult => ({
    kind: 'plane',
    ...facts,
    x,
    y,
    loss,
    accuracy: loss.map((row) => row.map(() => 0.5)),
    testLoss: loss,
    testAccuracy: loss.map((row) => row.map((value) => (value === null ? null : 1 - value / 1000))),
    marks: {
      1: { x: 1, y: 1, distance: 0 },
      2: { x: 4, y: 1, distance: 0 },
      3: { x: 2, y: 2, distance: 0 },
      swa: { x: 2, y: 1, distance: 0.1 },
    },
  });

  test('has its levels where the values are, and points by their names', () => {
    // A logarithm that is linear in x: the level l lies at x = ln l, on whatever grid.
    const svg = draw(landscapeFigure(plane(y.map(() => x.map(Math.exp)))));
    expect(texts(svg).filter((text) => /^w\d|swa/.test(text))).toEqual(
      expect.arrayContaining(['w1', 'w2', 'w3', 'swa']),
    );
    expect(texts(svg)).toContain('Test error (%)');
    const levels = [2, 5, 10, 20, 50, 100, 200];
    expect(texts(svg)).toEqual(expect.arrayContaining(levels.map(String)));
    const frame = svg.querySelector('svg[overflow=hidden]')!;
    const [left, , width] = frame.getAttribute('viewBox')!.split(' ').map(Number) as [number, number, number];
    levels.forEach((level, i) => {
      const places = pathOf(frame, 'contours', i).map(([x]) => x);
      // The level's own line is the left edge of what lies above it.
      expect(Math.min(...places)).toBeCloseTo(left + (width * Math.log(level)) / 6, 1);
    });
  });

  test('says where there is no value, and draws what is the same everywhere', () => {
    const gap = y.map((_, j) => x.map((value, i) => (i === 30 && j > 12 ? null : Math.exp(value))));
    const svg = draw(landscapeFigure(plane(gap)));
    expect(texts(svg)).toContain('Training loss (×: not finite)');
    const flat = draw(landscapeFigure(plane(y.map(() => x.map(() => 1)))));
    expect(flat.querySelector('desc')!.textContent).toContain('the same everywhere');
  });
});

test('the figure of rays has their median and quartiles', () => {
  const slopes = [5, 1, 2, 4, 3];
  const rays = slopes.map((slope) => ({
    points: [0, 1, 2].map((t) => ({
      t,
      loss: slope * t,
      accuracy: null,
      testLoss: null,
      testAccuracy: null,
    })),
  }));
  const figure = landscapeFigure({
    kind: 'rays',
    ...facts,
    filterNormalised: true,
    radius: 2,
    seed: 0,
    rays,
    mean: { points: [] },
  });
  expect(figure.panels.length).toBe(1);
  const marks = (figure as Figure).panels[0]!.marks;
  expect(marks.find(({ name }) => name === 'median')).toMatchObject({
    points: [
      { x: 0, y: 0 },
      { x: 1, y: 3 },
      { x: 2, y: 6 },
    ],
  });
  expect(marks.find(({ mark }) => mark === 'area')).toMatchObject({
    points: [{ range: [0, 0] }, { range: [2, 4] }, { range: [4, 8] }],
  });
  expect(marks.filter(({ name }) => name === 'each ray').length).toBe(5);
  expect(texts(draw(figure))).toContain('t (1: as large as the weights, by filter)');
});

describe('a figure as a file', () => {
  const panel: Panel = {
    title: 'a & b',
    x: { label: 'step' },
    y: { label: 'loss', log: true },
    marks: [
      { mark: 'band', name: 'margin', range: [0.5, 2] },
      {
        mark: 'dots',
        name: 'one',
        points: [
          { x: 1, y: 1, interval: [0.5, null] },
          { x: 2, y: 0 },
        ],
      },
      { mark: 'line', name: 'two', points: [{ x: 1, y: 3 }] },
    ],
  };
  const svg = draw({ caption: 'Two curves', panels: [panel, panel] });
  const text = svgText(svg);

  test('needs nothing beside it: no style, no name that another figure could have, a ground, a title and a description', () => {
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*viewBox="0 0 760 \d+"/);
    expect(text).not.toMatch(/<style|style=|\bid=|url\(|var\(/);
    expect(text).toContain('<title>Two curves</title>');
    expect(text).toContain('a &amp; b: loss over step; one 0 at 2');
    expect(text).toContain('<rect fill="#ffffff"');
    // As XML: what is not well formed is refused.
    expect(parseHTML(text).document.querySelectorAll('text').length).toBe(
      svg.querySelectorAll('text').length,
    );
  });

  test('has whiskers to the edge where an interval is open, and no point that a logarithm has not', () => {
    const whisker = svg.querySelector('.whisker line')!;
    expect(Number(whisker.getAttribute('y2'))).toBeCloseTo(10, 6);
    expect(svg.querySelectorAll('.dots')[0]!.querySelectorAll('path, circle').length).toBe(1);
  });

  test('is as wide as it is given, its charts one below the other where they would be too narrow', () => {
    const narrow = draw({ caption: 'Two curves', panels: [panel, panel] }, 358);
    expect(narrow.getAttribute('width')).toBe('358');
    expect(Number(narrow.getAttribute('height'))).toBeGreaterThan(
      1.8 * Number(svg.getAttribute('height')) - 100,
    );
  });
});

test('the colours of figures are those of the pages', () => {
  const css = readFileSync(fileURLToPath(new URL('../../src/web/page.css', import.meta.url)), 'utf8');
  const [light, dark] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, rules]) =>
    Object.fromEntries([...rules!.matchAll(/--([\w-]+): (#\w+)/g)].map(([, name, value]) => [name, value])),
  );
  const ofPage = (rules: Record<string, string>) => ({
    card: rules.card,
    text: rules.text,
    muted: rules['text-muted'],
    grid: rules.grid,
    curves: Array.from({ length: 8 }, (_, i) => rules[`curve-${i}`]),
  });
  expect(PALETTES.light).toMatchObject(ofPage(light!));
  expect(PALETTES.dark).toMatchObject(ofPage(dark!));
});

type AreaMark = Extract<FigureMark, { mark: 'area' }>;
type LineMark = Exclude<FigureMark, { mark: 'area' | 'band' }>;

test('a density of eigenvalues: gaps where there are none, a band that ends at the axis, as many units as it says', () => {
  const grid = [-1, 0, 1, 2, 3];
  const density = [0.2, 1, 0, 0.1, 1e-9];
  const figure = densityFigure({
    grid,
    density,
    stderr: [0.2, 0.1, 0, 0, 0],
    sigma: 0.25,
    starts: 4,
    steps: 8,
  });
  const [{ marks, y, title }] = figure.panels as [Panel];
  expect(title).toContain('0.25');
  expect(y).toEqual({ label: 'share of all, per unit of λ', log: true });
  const [band, line] = marks as readonly [AreaMark, LineMark];
  expect(line.points.map((point) => point.y)).toEqual([0.2, 1, null, 0.1, null]);
  expect(band.points[0]!.range).toEqual([1e-6, 0.2 + 1.96 * 0.2]);
  expect(band.points[2]!.range).toEqual([1e-6, 1e-6]);
  expect(texts(draw(figure))).toContain('eigenvalue λ');
  const single = densityFigure({ grid, density, stderr: null, sigma: 0.25, starts: 1, steps: 8 });
  expect(single.panels[0]!.marks.map(({ mark }) => mark)).toEqual(['line']);
});

test('of one box φ and its first order are told apart without colour: a full point and a hollow one', () => {
  const box = { epsilon: 1e-3, subspace: null, phi: 3, phiFirstOrder: 2, maximum: 1, evaluations: 4 };
  const svg = draw(
    sharpnessFigure({ keskar: [{ ...box, solver: 'sign-ascent' }] } as unknown as SharpnessResult),
  );
  const points = [...svg.querySelectorAll('.dots')].map((dots) => dots.getAttribute('fill'));
  expect(points).toHaveLength(2);
  expect(points).toEqual([PALETTES.light.curves[0], PALETTES.light.card]);
});
