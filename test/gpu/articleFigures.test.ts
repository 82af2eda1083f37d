import { describe, expect, test } from 'vitest';
import { commands } from 'vitest/browser';
import { type JobEvent, runJob } from '../../src/jobs/job.ts';
import { adapterName } from '../../src/present/adapterName.ts';
import { type BundledFigure, bundledFigure } from '../../src/web/article/bundledFigure.ts';
import { FIGURES } from '../../src/web/article/figures/index.ts';
import type { Drawn, LiveFigure } from '../../src/web/article/figures/liveFigure.ts';
import { testGpu } from './device.ts';

/** `VITE_MAKE_FIGURES=1 npx vitest run --project gpu test/gpu/articleFigures.test.ts` writes the bundled results anew. */
const MAKE = import.meta.env.VITE_MAKE_FIGURES === '1';
const NO_FILES = { read: (path: string) => Promise.reject(new Error(`asked for ${path}`)) };
/** Other machines' software adapters round alike, but for what their compilers make of sums. */
const TOLERANCE = 0.02;

async function compute(figure: LiveFigure, run: number): Promise<Drawn> {
  const gpu = await testGpu();
  const told: JobEvent[][] = [];
  for (const job of figure.jobs(run)) {
    const events: JobEvent[] = [];
    told.push(events);
    for await (const event of runJob(gpu, job, NO_FILES)) events.push(event);
  }
  // By way of text, as the page has it.
  return JSON.parse(JSON.stringify(figure.digest(run, told)));
}

/** Points whose numbers differ by more than rounding does. */
function deviations(found: Drawn, expected: Drawn): string[] {
  return Object.entries(expected).flatMap(([name, points]) =>
    points.flatMap(({ x, y, interval }, i) => {
      const other = found[name]?.[i];
      const pairs = [
        [other?.x, x],
        [other?.y, y],
        ...(interval ?? []).map((end, e) => [other?.interval?.[e], end]),
      ];
      const isNear = ([a, b]: (typeof pairs)[number]): boolean =>
        a === b ||
        (typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= TOLERANCE * Math.abs(b));
      return pairs.every(isNear) ? [] : [`${name} at ${x}: ${JSON.stringify(other)}, not ${y}, ${interval}`];
    }),
  );
}

describe.each(FIGURES)('$id', (figure) => {
  test.skipIf(MAKE)('gives what is bundled, and draws and says it', async () => {
    const bundled = await bundledFigure(figure.id);
    expect(Object.keys(bundled.runs)).toEqual(figure.runs.map(String));
    const { first } = figure.slider;
    const run = figure.runOf(first);
    const found = await compute(figure, run);
    expect(deviations(found, bundled.runs[run]!)).toEqual([]);
    expect(Object.keys(found)).toEqual(Object.keys(bundled.runs[run]!));
    const others = new Map(figure.runs.filter((other) => other !== run).map((r) => [r, bundled.runs[r]!]));
    for (const value of figure.slider.values) {
      const chosen = bundled.runs[figure.runOf(value)]!;
      for (const panel of figure.panels({ chosen, others }, value))
        expect(panel.marks.length).toBeGreaterThan(0);
      expect(figure.sentence({ chosen, others }, value), `${figure.id} at ${value}`).toMatch(/\d.*\.$/);
    }
  });

  test.runIf(MAKE)('is made', { timeout: 600_000 }, async () => {
    const runs: Record<string, Drawn> = {};
    const began = performance.now();
    for (const run of figure.runs) runs[run] = await compute(figure, run);
    const { info } = await testGpu();
    const made: BundledFigure = {
      adapter: adapterName(info),
      date: new Date().toISOString().slice(0, 10),
      runs,
    };
    await commands.writeFile(`src/web/article/bundled/${figure.id}.json`, `${JSON.stringify(made)}\n`);
    console.info(`${figure.id}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    expect(Object.keys(runs)).toEqual(figure.runs.map(String));
  });
});
