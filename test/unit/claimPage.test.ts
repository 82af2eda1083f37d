import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { claimResults } from '../../src/build/claimResults.ts';
import { recordOf } from '../../src/experiments/experiment.ts';
import type { ExperimentResult } from '../../src/experiments/experimentResult.ts';
import { experiments } from '../../src/experiments/index.ts';
import type { KeptCell } from '../../src/experiments/keptCell.ts';
import { planExperiment } from '../../src/experiments/planExperiment.ts';
import { bundledClaim } from '../../src/experiments/reproduction/bundledClaim.ts';
import { resultsOf } from '../../src/experiments/reproduction/results.ts';
import { type ResultSoFar, resultSoFar } from '../../src/experiments/resultSoFar.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import type { ByteSource } from '../../src/host/byteSource.ts';
import { experimentJob } from '../../src/jobs/experimentJob.ts';
import { effectStrip } from '../../src/present/figures/effectStrip.ts';
import { counts, isShown, listClaims, readFilter } from '../../src/web/experiments/claimFilter.ts';
import { effectsCsv } from '../../src/web/experiments/effectsCsv.ts';
import { experimentCommands } from '../../src/web/experiments/experimentCommand.ts';
import { timeLeft } from '../../src/web/experiments/timeLeft.ts';
import { changedParts, runAddress, runKey, wantedRun } from '../../src/web/experiments/wantedRun.ts';
import { parseUrlState } from '../../src/web/urlState.ts';
import { effectsFromCsv } from '../effectsFromCsv.ts';
import { biasClaim } from './toyClaim.ts';

const info = { vendor: 'v', architecture: 'a', device: 'd', description: 'x', software: true };
const gpu = { info, errors: [] } as unknown as Gpu;

/** A host of kept cells, as a page gives them. */
function hostOf(kept: ReadonlyMap<string, KeptCell>): ByteSource {
  const nameOf = (path: string): string => /^cells\/(.*)\.json$/.exec(path)?.[1] ?? '';
  return {
    find: async (path) => ({ path, is: kept.has(nameOf(path)) ? 'file' : 'nothing' }),
    read: async (path) => new TextEncoder().encode(JSON.stringify(kept.get(nameOf(path)))),
  };
}

/** Runs the toy claim: its cells, what they came to meanwhile and at the end. */
async function run(kept = new Map<string, KeptCell>()) {
  const cells = new Map<string, KeptCell>();
  const soFar: ResultSoFar[] = [];
  let result: ExperimentResult | undefined;
  const spec = { id: 'bias', cells: 'cells', soFar: true };
  for await (const event of experimentJob(gpu, spec, hostOf(kept), undefined, [biasClaim as never])) {
    if (event.type === 'cell') cells.set(event.name, event.cell);
    if (event.type === 'soFar') soFar.push(event);
    if (event.type === 'result') result = event.result as ExperimentResult;
  }
  return { cells, soFar, result: result! };
}

const asked = { preset: 'standard', protocol: {}, cells: 'cells' };
const planOf = (kept: ReadonlyMap<string, KeptCell>) =>
  planExperiment(biasClaim as never, asked, { gpu, host: hostOf(kept) });

describe('a run of a claim, as its page sees it', () => {
  test('tells what the units that are whole come to, as a protocol of so many would', async () => {
    const { soFar, cells } = await run();
    expect(soFar.map(({ units, of }) => [units, of])).toEqual([
      [2, 6],
      [3, 6],
      [4, 6],
      [5, 6],
    ]);
    const protocol = { ...biasClaim.presets.standard, units: 3 };
    const found = [...cells.values()].slice(0, 3).map(({ cell, evidence }) => ({ cell, evidence }));
    const whole = biasClaim.judge(found as never, protocol);
    expect(soFar[1]!.statistics).toEqual(whole.statistics);
    expect(soFar[1]!.figure).toEqual(biasClaim.figure(whole));
  });

  test('goes on from cells that are kept, and all of them are the result without a run', async () => {
    const whole = await run();
    const some = new Map([...whole.cells].slice(1, 4));
    const plan = await planOf(some);
    expect(plan).toMatchObject({ kept: 3, result: null, soFar: null, bytes: 0 });
    expect(plan.cells.map(({ took }) => took !== null)).toEqual([false, true, true, true, false, false]);
    const rest = await run(some);
    expect([...rest.cells.keys()]).toEqual([...whole.cells.keys()].filter((name) => !some.has(name)));
    expect(rest.result).toEqual(whole.result);
    const all = await planOf(whole.cells);
    expect(all.kept).toBe(6);
    expect(all.result).toEqual(whole.result);
    expect((await planOf(new Map([...whole.cells].slice(0, 2)))).soFar).toMatchObject({ units: 2, of: 6 });
  });

  test('without an adapter has its cost; refuses a protocol and a kept cell that cannot be', async () => {
    const host = hostOf(new Map());
    const plan = await planExperiment(biasClaim as never, asked, { gpu: null, host });
    expect(plan.cells).toHaveLength(6);
    expect(plan.cells[0]).toEqual({ name: null, seconds: 0.01, took: null });
    const refused = { ...asked, protocol: { tosses: 0.5 } };
    await expect(planExperiment(biasClaim as never, refused, { gpu, host })).rejects.toThrow(
      /tosses: is 0.5, expected a whole number of at least 1/,
    );
    const [name, cell] = [...(await run()).cells][0]!;
    const damaged = new Map([[name, { ...cell, evidence: { biased: 'much' } }]]);
    await expect(planOf(damaged)).rejects.toThrow(new RegExp(`${name}.*evidence.biased`));
  });
});

describe('the CSV of a claim', () => {
  test.each(experiments.filter(({ plant }) => plant).map((each) => [each.id, each] as const))(
    'gives the effects of %s again',
    (_, experiment) => {
      const { standard } = experiment.presets;
      const outcome = experiment.judge(experiment.plant!('effect', standard, 3), standard);
      const found = effectsFromCsv(effectsCsv(outcome));
      expect(found.map(({ name }) => name)).toEqual(outcome.statistics.map(({ name }) => name));
      outcome.statistics.forEach(({ value, interval }, i) => {
        const { told, again } = found[i]!;
        expect(told).toEqual([Number.isFinite(value) ? value : null, ...interval]);
        expect(again.map((end) => end !== null)).toEqual(told.map((end) => end !== null));
        for (const [at, end] of told.entries())
          if (end !== null)
            expect(Math.abs(again[at]! - end)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(end)));
      });
    },
  );
});

/** Whose units share their cells: there is nothing to be told before all are there. */
const WHOLE = new Set(['batch-control', 'sde-variance']);

describe('what the first units come to', () => {
  test.each(experiments.filter(({ plant }) => plant).map((each) => [each.id, each] as const))(
    'is told of %s as more of them are whole',
    (_, experiment) => {
      const { standard } = experiment.presets;
      const cells = experiment.cells(standard);
      const found = experiment.plant!('effect', standard, 3);
      const planned = cells.map((cell, i) => ({ cell, name: `c${i}`, definition: {} as never }));
      const firstOf = (count: number) =>
        new Map(
          cells
            .slice(0, count)
            .map((_, i) => [`c${i}`, { evidence: found[i]!.evidence } as KeptCell] as const),
        );
      const soFar = resultSoFar(experiment, standard, planned, firstOf(cells.length - 1));
      if (WHOLE.has(experiment.id)) return expect(soFar).toBeNull();
      expect(soFar!.units).toBeGreaterThanOrEqual(2);
      expect(soFar!.units).toBeLessThan(soFar!.of);
      expect(soFar!.statistics.length).toBeGreaterThan(0);
      expect(soFar!.figure.panels.length).toBeGreaterThan(0);
      expect(resultSoFar(experiment, standard, planned, firstOf(1))).toBeNull();
    },
  );
});

describe('claims with the run that came with the page', () => {
  const merged = async () => {
    const { result } = await run();
    const claim = {
      experiment: biasClaim as never,
      preset: 'standard',
      protocol: biasClaim.presets.standard,
    };
    return { result, results: resultsOf('standard', [{ claim, result, seconds: 90, others: 0 }]) };
  };

  test('are a result as one of this machine, from JSON', async () => {
    const { result, results } = await merged();
    const [claim] = JSON.parse(JSON.stringify(results)).claims;
    const drawn = { figure: result.figure!, effects: result.outcome!.effects! };
    const bundled = bundledClaim(claim, drawn);
    expect(bundled).toMatchObject({ minutes: 1.5, seeds: [1000, 1001, 1002, 1003, 1004, 1005] });
    const { detail: _, ...outcome } = result.outcome!;
    expect(bundled.result.outcome).toEqual({ ...outcome, detail: null });
    expect(bundled.result).toMatchObject({ figure: result.figure, protocol: result.protocol, missing: [] });
  });

  test('come as a module of the build, with a module each that has its figure', async () => {
    const { result, results } = await merged();
    const folder = mkdtempSync(join(tmpdir(), 'basin-claims-'));
    const load = async (id: string) => {
      const { code } = (claimResults(folder).load as unknown as (id: string) => { code: string })(`\0${id}`);
      return import(`data:text/javascript,${encodeURIComponent(code)}`);
    };
    try {
      expect(await load('virtual:claimResults')).toMatchObject({ preset: null, summaries: {}, claims: {} });
      writeFileSync(join(folder, 'results.json'), JSON.stringify(results));
      const list = await load('virtual:claimResults');
      const { version, verdict, statistic } = results.claims[0]!;
      expect(list).toMatchObject({
        preset: 'standard',
        summaries: { bias: { version, verdict, statistic } },
      });
      expect(Object.keys(list.claims)).toEqual(['bias']);
      expect((await load('virtual:claimResults/bias')).drawn).toBeNull();
      mkdirSync(join(folder, 'figures'));
      const drawn = { figure: result.figure, effects: result.outcome!.effects };
      writeFileSync(join(folder, 'figures/bias.json'), JSON.stringify(drawn));
      const one = await load('virtual:claimResults/bias');
      expect(one.drawn).toEqual(drawn);
      expect(one.claim).toEqual({ ...results.claims[0], kernels: {} });
      await expect(load('virtual:claimResults/other')).rejects.toThrow(/has no claim other/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('are filtered by paper and verdict; a verdict on another version is none on this one', async () => {
    const { results } = await merged();
    const record = recordOf(biasClaim as never);
    const newer = { ...record, id: 'newer', version: 2 };
    const given = { ...record, id: 'given-up', withdrawn: 'it cannot tell' };
    const [bias] = results.claims;
    const summaries = { bias: bias!, newer: bias! };
    const claims = listClaims([record, newer, given], summaries);
    expect(claims.map(({ verdict }) => verdict)).toEqual(['reproduced', 'not judged', 'withdrawn']);
    const shown = (values: Record<string, string>): string[] =>
      claims.filter((each) => isShown(each, readFilter(values))).map(({ record: { id } }) => id);
    expect(shown({})).toEqual(['bias', 'newer', 'given-up']);
    expect(shown({ paper: 'since', verdict: 'not judged' })).toEqual(['newer']);
    expect(shown({ paper: 'keskar' })).toEqual([]);
    expect(shown({ paper: 'nobody', verdict: 'maybe' })).toHaveLength(3);
    const count = counts(claims, readFilter({ verdict: 'reproduced' }));
    expect([count.paper('since'), count.paper('keskar'), count.verdict(undefined)]).toEqual([1, 0, 3]);
  });
});

describe('a claim’s page', () => {
  const record = recordOf(experiments.find(({ id }) => id === 'optimal-step')!);

  test('reads a run from its address, and writes the command that repeats it', () => {
    const { presets } = record;
    const same = wantedRun(record, { preset: 'standard', draws: String(presets.standard.draws), paper: 'x' });
    expect(same.changes).toEqual({});
    const values = { batchSizes: '4,16,64', data: 'mnist?average_pool=2&x=1' };
    const changed = wantedRun(record, values);
    expect(changed.preset).toBe('quick');
    expect(changedParts(changed)).toEqual({ batchSizes: [4, 16, 64], data: 'mnist?average_pool=2&x=1' });
    expect(runKey(changed)).toBe(runKey(wantedRun(record, { ...values })));
    expect(runKey(changed)).not.toBe(runKey(same));
    for (const each of [changed, same]) {
      const { place, values: again } = parseUrlState(runAddress(each));
      expect(place).toBe('optimal-step');
      expect(runKey(wantedRun(record, again))).toBe(runKey(each));
    }
    const protocol = { ...presets.quick, ...changedParts(changed) };
    expect(experimentCommands(record, 'quick', protocol)).toEqual([
      "basin experiment optimal-step --preset quick --data 'mnist?average_pool=2&x=1' --batch-sizes 4,16,64",
    ]);
    expect(experimentCommands(record, 'standard', { ...presets.standard, seed: 2000 })).toEqual([
      'basin experiment optimal-step --preset standard --seed 2000',
      'basin reproduce optimal-step --preset standard --seed 2000',
    ]);
  });

  test('tells the time that is left by costs, speed and the cells that are done', () => {
    const cells = [10, 10, 20].map((seconds, i) => ({ name: `c${i}`, seconds, took: null }));
    expect(timeLeft(cells, new Map(), 2)).toBe(20);
    expect(timeLeft(cells, new Map([['c0', 15]]), 2)).toBe(45);
    expect(timeLeft([{ ...cells[0]!, took: 5 }, ...cells.slice(1)], new Map([['c1', 5]]), 2)).toBe(10);
    expect(timeLeft([{ name: null, seconds: null, took: null }], new Map(), 1)).toBeNull();
  });

  test('draws an effect on a line of its own scale, with open ends at its edges', () => {
    const linear = effectStrip({ estimate: 1, interval: [0, 2], margin: [0, null] })!;
    expect(linear.band!.left).toBeCloseTo(linear.bar!.left, 9);
    expect(linear.band!.left + linear.band!.width).toBeCloseTo(100, 9);
    expect(linear.mark).toBeCloseTo(50, 9);
    const far = effectStrip({ estimate: 10, interval: [1, 100], margin: null })!;
    expect(far.mark).toBeCloseTo(50, 9);
    expect(effectStrip({ estimate: 2, interval: [null, null], margin: [1, 3] })!.open).toEqual([true, true]);
    expect(effectStrip({ estimate: null, interval: [null, null], margin: [1, 3] })).toMatchObject({
      bar: null,
      mark: null,
    });
    expect(effectStrip({ estimate: null, interval: [null, null], margin: null })).toBeNull();
  });
});
