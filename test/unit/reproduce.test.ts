import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registerReproduce } from '../../src/cli/commands/reproduce.ts';
import { fileHost } from '../../src/cli/fileHost.ts';
import type { HeadlessOptions, HeadlessResult, runHeadless } from '../../src/cli/runtime.ts';
import type { Experiment } from '../../src/experiments/experiment.ts';
import type { Results } from '../../src/experiments/reproduction/results.ts';
import { readShard } from '../../src/experiments/reproduction/shard.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { type ReproduceSpec, reproduceJob } from '../../src/jobs/reproduceJob.ts';
import { biasClaim } from './toyClaim.ts';
import { toy } from './toyExperiment.ts';

const info = { vendor: 'v', architecture: 'a', device: 'd', description: 'x', software: true };
const gpu = { info, errors: [], lost: new Promise(() => {}) } as unknown as Gpu;

/** A second claim of the first one's cells. */
const sibling: Experiment = { ...biasClaim, id: 'bias-again' };
/** One whose second cell fails. */
const failing: Experiment = {
  ...biasClaim,
  id: 'failing',
  study: { id: 'failing', version: 1 },
  async *run(on, cell, host) {
    if ((cell as { unit: number }).unit % 10 === 1) throw new Error('the loss is not finite');
    return yield* biasClaim.run(on, cell as never, host);
  },
};

let out: string;
beforeEach(() => {
  out = join(mkdtempSync(join(tmpdir(), 'basin-reproduce-')), 'run');
});
afterEach(() => rmSync(join(out, '..'), { recursive: true }));

/** Runs the command line on a list of claims: what it prints, and how many cells it measured. */
async function reproduce(
  args: readonly string[],
  list: readonly Experiment[] = [biasClaim, sibling, toy],
): Promise<{ text: string; measured: number; exitCode: number }> {
  let [text, measured] = ['', 0];
  const run = async (spec: unknown, { onEvent }: HeadlessOptions): Promise<HeadlessResult> => {
    let last: HeadlessResult | undefined;
    for await (const event of reproduceJob(gpu, spec as ReproduceSpec, fileHost('/'), undefined, list)) {
      if (event.type === 'cell') measured++;
      if (event.type === 'result') last = { ...event, runtime: 'node' };
      await onEvent?.(event);
    }
    return last!;
  };
  const before = process.exitCode;
  process.exitCode = 0;
  const program = new Command('basin').exitOverride();
  registerReproduce(program, {
    list,
    run: run as typeof runHeadless,
    print: async (printed) => {
      text += printed;
    },
  });
  await program.parseAsync(['node', 'basin', 'reproduce', ...args, '--out', out]);
  const exitCode = Number(process.exitCode);
  process.exitCode = before ?? 0;
  return { text, measured, exitCode };
}

const resultsIn = (): Results => JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
/** The results without what differs from run to run: times. */
const timeless = (): string =>
  JSON.stringify(resultsIn(), (key, value) => (key === 'minutes' ? undefined : value));

describe('basin reproduce', () => {
  test('measures, judges and writes results, figures and a report; a second call measures nothing', async () => {
    const first = await reproduce([]);
    // Six of the study that two claims share, four of the toy.
    expect(first.measured).toBe(10);
    expect(readdirSync(join(out, 'cells'))).toHaveLength(10);
    expect(readdirSync(join(out, 'figures')).sort()).toEqual(
      ['bias-again', 'bias', 'toy'].flatMap((id) => [`${id}.json`, `${id}.svg`]),
    );
    const [bias] = resultsIn().claims;
    expect(bias).toMatchObject({
      id: 'bias',
      version: 1,
      statement: 'Biased numbers have a mean above 0.2',
      source: 'Gauss 1809',
      adapter: { vendor: 'v' },
      seeds: [1000, 1001, 1002, 1003, 1004, 1005],
      statistic: { name: 'mean', units: 6 },
      margin: [0.2, null],
      control: { holds: true },
      planted: [{ holds: true }, { holds: true }],
      verdict: 'reproduced',
      missing: [],
    });
    expect(bias!.pHolm).toBeCloseTo(2 * bias!.p!, 12);
    expect(first.exitCode).toBe(0);
    const before = timeless();
    expect((await reproduce([])).measured).toBe(0);
    expect(timeless()).toBe(before);
  });

  test('tells all of it in a report that asks for nothing else', async () => {
    await reproduce([]);
    const report = readFileSync(join(out, 'report.html'), 'utf8');
    const table = readFileSync(join(out, 'claims.md'), 'utf8');
    for (const { id, verdict } of resultsIn().claims) {
      expect(table).toMatch(new RegExp(`\\[${id}\\]\\(report.html#${id}\\).*${verdict}`));
    }
    for (const text of [
      'Biased numbers have a mean above 0.2',
      'a mean of 0.5; below 0.2 it would matter to nobody',
      'fair numbers (the bias is taken away)',
      'a bias of 0.5',
      'margin 0.3',
      'a mean below 0.2',
      'basin reproduce bias --preset standard --seed 1000',
    ])
      expect(report).toContain(text);
    expect(report).toContain("default-src 'none'");
    expect(report).not.toMatch(/(src|href)="https?:|@import|url\(/);
    expect(report.match(/<svg/g)!.length).toBeGreaterThanOrEqual(3);
  });

  test('in shards, then merged, gives the results of one run', async () => {
    await reproduce(['--seed', '2000']);
    const whole = timeless();
    rmSync(out, { recursive: true });
    const measured: number[] = [];
    for (const shard of ['3/4', '1/4', '4/4', '2/4'])
      measured.push((await reproduce(['--seed', '2000', '--shard', shard])).measured);
    expect(measured).toEqual([2, 3, 2, 3]);
    expect(readdirSync(out)).toEqual(['cells']);
    expect((await reproduce(['--seed', '2000', '--merge'])).measured).toBe(0);
    expect(timeless()).toBe(whole);
  });

  test('merged with a shard missing names what is not there, and a cell that is done again completes it', async () => {
    await reproduce(['--shard', '1/2']);
    const { text, exitCode } = await reproduce(['--merge']);
    expect(exitCode).toBe(0);
    expect(text).toContain('missing: bias: tosses (unit 1001, tosses 100)');
    expect(resultsIn().claims[0]).toMatchObject({ verdict: 'inconclusive', statistic: null });
    expect(resultsIn().missing.map(({ claim }) => claim)).toEqual(['bias', 'bias-again', 'toy']);
    expect((await reproduce(['--shard', '2/2'])).measured).toBe(5);
    await reproduce(['--merge']);
    expect(resultsIn().missing).toEqual([]);
    expect(resultsIn().claims[0]!.verdict).toBe('reproduced');
  });

  test('goes on after a cell that fails, names it, and ends with 1', async () => {
    const { text, exitCode, measured } = await reproduce([], [failing, biasClaim]);
    expect(exitCode).toBe(1);
    expect(measured).toBe(11);
    expect(text).toMatch(/failed: failing: cell failing-[0-9a-f]{16}: the loss is not finite/);
    expect(resultsIn()).toMatchObject({
      failed: [{ claim: 'failing', cell: { unit: 1001 }, error: 'the loss is not finite' }],
      claims: [
        { id: 'failing', verdict: 'inconclusive' },
        { id: 'bias', verdict: 'reproduced' },
      ],
    });
  });

  test('says of a quick run at most that it is consistent', async () => {
    await reproduce(['bias', '--preset', 'quick']);
    expect(resultsIn().claims).toMatchObject([{ id: 'bias', verdict: 'inconclusive', preset: 'quick' }]);
  });

  test('leaves cells of another adapter alone, and says so', async () => {
    await reproduce(['bias']);
    const name = readdirSync(join(out, 'cells'))[0]!;
    const cell = JSON.parse(readFileSync(join(out, 'cells', name), 'utf8'));
    cell.adapter.vendor = 'another';
    writeFileSync(join(out, 'cells', `of-another-${name}`), JSON.stringify(cell));
    const { text } = await reproduce(['bias', '--merge']);
    expect(text).toContain('bias: 1 cells of other adapters or kernels are left alone');
    expect(resultsIn().claims[0]).toMatchObject({ adapter: { vendor: 'v' }, missing: [] });
  });

  test('refuses a file that is no cell, naming it', async () => {
    await reproduce(['bias']);
    writeFileSync(join(out, 'cells', 'notes.json'), '{"a": 1}');
    await expect(reproduce(['bias', '--merge'])).rejects.toThrow(/notes\.json: cell: it has no "experiment"/);
  });

  test('lists the claims by their papers, and refuses what it does not know', async () => {
    expect((await reproduce(['--list'])).text).toMatch(/Since then\n {2}bias \(version 1\)/);
    await expect(reproduce(['nothing'])).rejects.toThrow(
      'claim: is "nothing", expected one of bias, bias-again, toy',
    );
    await expect(reproduce(['--preset', 'slow'])).rejects.toThrow('preset: is "slow", expected one of quick');
    await expect(reproduce(['--seed', '-1'])).rejects.toThrow('--seed: is "-1"');
    await expect(reproduce(['--merge', '--shard', '1/2'])).rejects.toThrow('expected no --shard beside it');
  });

  test('judges planted evidence of each claim at many seeds, and tells the rates', async () => {
    const { text, measured } = await reproduce(['--planted', '60']);
    expect(measured).toBe(0);
    const rates = JSON.parse(readFileSync(join(out, 'planted.json'), 'utf8'));
    expect(rates.claims.map(({ claim, truth, trials }: never) => [claim, truth, trials])).toEqual([
      ['bias', 'effect', 60],
      ['bias', 'null', 60],
      ['bias-again', 'effect', 60],
      ['bias-again', 'null', 60],
    ]);
    expect(rates.without).toEqual(['toy']);
    expect(rates.effects.value).toBeGreaterThan(0.9);
    expect(rates.nulls.value).toBe(0);
    // Wilson's interval of 0 of 120.
    expect(rates.nulls.interval[1]).toBeCloseTo(0.031, 3);
    expect(text).toContain('nothing is planted for toy');
    await expect(reproduce(['--planted', '0'])).rejects.toThrow('--planted: is "0"');
  });

  test('sets the verdicts of another master seed beside its own', async () => {
    await reproduce([]);
    const other = join(out, '..', 'other.json');
    const results = resultsIn();
    const changed = results.claims.map((each) =>
      each.id === 'bias-again' ? { ...each, verdict: 'not reproduced' } : each,
    );
    writeFileSync(other, JSON.stringify({ ...results, claims: changed }));
    const { text } = await reproduce(['--seed', '2000', '--against', other]);
    expect(text).toMatch(/bias-again +│ reproduced +│ not reproduced +│ not alike/);
    expect(text).toContain('both judge alike: 0.667');
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('A second master seed');
    writeFileSync(other, '{"claims": 3}');
    await expect(reproduce(['--against', other])).rejects.toThrow('--against: holds no claims with verdicts');
  });

  test('takes shards from 1 to n', () => {
    expect(readShard('2/4')).toEqual({ index: 2, of: 4 });
    for (const wrong of ['0/4', '5/4', '1', 'a/b', '1/0', ''])
      expect(() => readShard(wrong)).toThrow('expected i/n with i from 1 to n');
  });
});
