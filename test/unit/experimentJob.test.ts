import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { registerExperiment } from '../../src/cli/commands/experiment.ts';
import { fileHost } from '../../src/cli/fileHost.ts';
import type { HeadlessOptions, HeadlessResult, runHeadless } from '../../src/cli/runtime.ts';
import type { Experiment } from '../../src/experiments/experiment.ts';
import type { ExperimentResult } from '../../src/experiments/experimentResult.ts';
import { experiments } from '../../src/experiments/index.ts';
import { resolveProtocol } from '../../src/experiments/protocol.ts';
import type { ExperimentEvent as OwnEvent } from '../../src/experiments/runExperiment.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { RunControl } from '../../src/host/runControl.ts';
import type { ResultEvent } from '../../src/host/workEvent.ts';
import { type ExperimentSpec, experimentJob } from '../../src/jobs/experimentJob.ts';
import { toy } from './toyExperiment.ts';

type ExperimentEvent = OwnEvent | ResultEvent;

/** One line makes it an experiment. */
const givenUp: Experiment = { ...toy, id: 'given-up', withdrawn: 'it cannot tell' };
const list: readonly Experiment[] = [...experiments, toy, givenUp];

const ids = list.map(({ id }) => id).join(', ');

const info = { vendor: 'v', architecture: 'a', device: 'd', description: 'x', software: true };
const gpu = { info, errors: [] } as unknown as Gpu;
const host = fileHost('/');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'basin-cells-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** All events of a job; cells are kept in the folder, as the command line does. */
async function run(
  spec: ExperimentSpec,
  {
    on = gpu,
    control,
    take,
  }: { on?: Gpu; control?: RunControl; take?: (event: ExperimentEvent) => void } = {},
): Promise<{ events: ExperimentEvent[]; result: ExperimentResult }> {
  const events: ExperimentEvent[] = [];
  for await (const event of experimentJob(on, spec, host, control, list)) {
    events.push(event);
    if (event.type === 'cell') writeFileSync(join(folder, `${event.name}.json`), JSON.stringify(event.cell));
    take?.(event);
  }
  return { events, result: (events.at(-1) as { result: ExperimentResult }).result };
}

const of = <T extends ExperimentEvent['type']>(events: readonly ExperimentEvent[], type: T) =>
  events.filter((event): event is Extract<ExperimentEvent, { type: T }> => event.type === type);

describe('a toy experiment, which is one file and one line in a list', () => {
  test('yields its curves and cells as they come, and is judged', async () => {
    const { events, result } = await run({ id: 'toy' });
    const cells = of(events, 'cell');
    expect(cells.map(({ done, total }) => [done, total])).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
    const series = of(events, 'series');
    expect(series).toHaveLength(400);
    expect(new Set(series.map(({ cell }) => cell))).toEqual(new Set(cells.map(({ name }) => name)));
    expect(of(events, 'phase')[2]).toEqual({ type: 'phase', phase: 'cell 3 of 4, run 1002' });
    expect(result).toMatchObject({
      experiment: { id: 'toy', version: 1, source: 'Gauss 1809' },
      preset: 'standard',
      protocol: { ...toy.presets.standard },
      missing: [],
      outcome: { verdict: 'reproduced', statistics: [{ name: 'mean', margin: [0, 1] }] },
    });
    expect(result.figure!.panels[0]!.marks).toHaveLength(2);
    expect(result.cells).toEqual(cells.map(({ name }) => name));
  });

  test('does only what is missing, and comes to the same', async () => {
    const first = await run({ id: 'toy', cells: folder });
    const files = readdirSync(folder).sort();
    expect(files).toEqual(first.result.cells.map((name) => `${name}.json`).sort());
    rmSync(join(folder, files[1]!));
    const again = await run({ id: 'toy', cells: folder });
    expect(of(again.events, 'cell').map(({ name }) => `${name}.json`)).toEqual([files[1]]);
    expect(of(again.events, 'note')[0]!.text).toBe('3 of 4 cells are there already');
    expect(again.result).toEqual(first.result);
    // Another preset, seed, protocol, adapter or tuned kernel: other cells, in the same folder.
    const others = await Promise.all([
      run({ id: 'toy', preset: 'quick', protocol: { ...toy.presets.standard }, cells: folder }),
      run({ id: 'toy', protocol: { seed: 1001 }, cells: folder }),
      run({ id: 'toy', protocol: { tosses: 101 }, cells: folder }),
      run({ id: 'toy', cells: folder }, { on: { ...gpu, info: { ...gpu.info, device: 'other' } } }),
      run(
        { id: 'toy', cells: folder },
        { on: { ...gpu, kernels: { measured: { 'matmul m~8': 'tiled' }, wanted: () => undefined } } },
      ),
    ]);
    for (const { events } of others) expect(of(events, 'cell')).toHaveLength(4);
    expect(readdirSync(folder)).toHaveLength(24);
  });

  test('takes no cell of other data that lie under the same name', async () => {
    const data = join(folder, 'data.bin');
    const reading: Experiment = {
      ...(toy as Experiment),
      presets: { quick: { seed: 0, data, tosses: 1 }, standard: { seed: 0, data, tosses: 1, bias: 1 } },
      cells: ({ seed, ...rest }) => [{ seed, ...rest }],
    };
    const names: string[] = [];
    for (const content of ['one', 'two', 'one']) {
      writeFileSync(data, content);
      for await (const event of experimentJob(gpu, { id: 'toy' }, host, undefined, [reading])) {
        if (event.type === 'cell') names.push(event.name);
      }
    }
    expect(names[1]).not.toBe(names[0]);
    expect(names[2]).toBe(names[0]);
  });

  test('refuses a kept cell that is not what its name says, by the file and what is wrong', async () => {
    const { result } = await run({ id: 'toy', cells: folder });
    const file = join(folder, `${result.cells[0]}.json`);
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    const refused = async (content: string, reason: RegExp): Promise<void> => {
      writeFileSync(file, content);
      const failing = run({ id: 'toy', cells: folder });
      await expect(failing).rejects.toThrow(reason);
      await expect(failing).rejects.toThrow(file);
    };
    await refused('{"experiment"', /cell: is not JSON/);
    await refused('3', /cell: is 3, expected an object/);
    await refused(JSON.stringify({ ...kept, version: 2 }), /version: is 2, expected 1/);
    await refused(
      JSON.stringify({ ...kept, cell: { ...kept.cell, tosses: 7 } }),
      /cell: is .*"tosses":7.*expected/,
    );
    await refused(JSON.stringify({ ...kept, evidence: { mean: null } }), /evidence\.mean/);
    await refused(JSON.stringify({ ...kept, kernels: 3 }), /kernels: /);
    await refused(JSON.stringify({ ...kept, evidence: undefined }), /evidence: /);
  });

  test('is paused and stopped between any two events; what is done stays', async () => {
    const control = new RunControl();
    let draws = 0;
    const running = run(
      { id: 'toy', cells: folder },
      {
        control,
        take: (event) => {
          if (event.type === 'progress' && ++draws === 150) control.pause();
        },
      },
    );
    await new Promise((done) => setTimeout(done, 50));
    expect(draws).toBe(150);
    control.resume();
    const whole = await running;
    expect(whole.result.missing).toEqual([]);

    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'basin-cells-'));
    const stopping = new RunControl();
    const stopped = await run(
      { id: 'toy', cells: folder },
      { control: stopping, take: (event) => event.type === 'cell' && event.done === 2 && stopping.stop() },
    );
    expect(stopped.result.outcome).toBeNull();
    expect(stopped.result.missing).toEqual(whole.result.cells.slice(2));
    expect(readdirSync(folder)).toHaveLength(2);
    const rest = await run({ id: 'toy', cells: folder });
    expect(rest.result).toEqual(whole.result);
  });

  test('frees what a cell holds when it is stopped, and fails a cell whose evidence is none', async () => {
    let freed = 0;
    const held: Experiment = {
      ...(toy as Experiment),
      id: 'held',
      async *run(...given) {
        try {
          return yield* (toy as Experiment).run(...given);
        } finally {
          freed++;
        }
      },
    };
    const control = new RunControl();
    for await (const event of experimentJob(gpu, { id: 'held' }, host, control, [held])) {
      if (event.type === 'progress') control.stop();
    }
    expect(freed).toBe(1);
    const broken: Experiment = {
      ...(toy as Experiment),
      // biome-ignore lint/correctness/useYield: it has nothing to tell
      async *run() {
        return { mean: Number.NaN };
      },
    };
    const failing = (async () => {
      for await (const _ of experimentJob(gpu, { id: 'toy' }, host, undefined, [broken]));
    })();
    await expect(failing).rejects.toThrow(/cell toy-[0-9a-f]{16}: evidence\.mean: /);
  });

  test('decides nothing by a quick run or a changed protocol', async () => {
    const quick = await run({ id: 'toy', preset: 'quick' });
    expect(quick.result.outcome).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/^consistent with the claim, but it was a quick run: the interval holds/),
    });
    const changed = await run({ id: 'toy', protocol: { tosses: 200, runs: 4 } });
    expect(changed.result.outcome).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/^consistent with the claim, but its protocol was changed \(tosses\): /),
    });
    const seeded = await run({ id: 'toy', protocol: { seed: 2000 } });
    expect(seeded.result.outcome!.verdict).toBe('reproduced');
  });

  test('is refused by name where it cannot be', async () => {
    await expect(run({ id: 'toys' })).rejects.toThrow(`experiment: id: is "toys", expected one of ${ids}`);
    await expect(run({ id: 'toy', preset: 'full' })).rejects.toThrow(
      /preset: is "full", expected one of quick, standard/,
    );
    await expect(run({ id: 'toy', presets: 'quick' } as ExperimentSpec)).rejects.toThrow(/presets/);
    const problem = (protocol: Record<string, unknown>) => () => resolveProtocol(toy, { protocol });
    expect(problem({ toss: 1 })).toThrow(
      /toss: is no part of the protocol, expected one of runs, tosses, bias, seed/,
    );
    expect(problem({ tosses: 1.5 })).toThrow(/tosses: is 1.5, expected a whole number of at least 1/);
    expect(problem({ bias: 0 })).toThrow(/bias: is 0, expected a number above 0/);
    expect(problem({ seed: -1 })).toThrow(/seed: is -1, expected a whole number from 0 to 2147483648/);
    expect(problem({ runs: '4' })).toThrow(/runs: is "4", expected/);
  });
});

describe('the command', () => {
  /** What the run was told that it will write: inputs among it are refused. */
  let guarded: HeadlessOptions['outputs'];

  /** `basin experiment …` with the toy in its list, and no device. */
  async function basin(...args: string[]): Promise<string> {
    const printed: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const headless = async (spec: object, { onEvent, outputs }: HeadlessOptions): Promise<HeadlessResult> => {
      guarded = outputs;
      let ended: unknown;
      for await (const event of experimentJob(gpu, spec as ExperimentSpec, host, undefined, list)) {
        await onEvent?.(event);
        if (event.type === 'result') ended = event.result;
      }
      return { result: ended, exitCode: 0, runtime: 'node' };
    };
    const program = new Command('basin').exitOverride();
    registerExperiment(program, {
      list,
      run: headless as typeof runHeadless,
      print: async (text) => void printed.push(text),
    });
    try {
      await program.parseAsync(['node', 'basin', 'experiment', ...args]);
    } finally {
      write.mockRestore();
    }
    return printed.join('');
  }

  test('lists what there is', async () => {
    const text = await basin('--list');
    expect(text).toContain(
      'toy (version 1; quick, standard)\n  The mean of normal numbers is their bias (Gauss 1809)',
    );
    expect(text).toMatch(/given-up \(version 1; quick, standard\)\n.*\n {2}withdrawn: it cannot tell/);
    await expect(basin('toys')).rejects.toThrow(/experiment: is "toys", expected one of/);
    await expect(basin()).rejects.toThrow(`expected one of ${ids}`);
  });

  test('has an option for each part of a protocol, keeps cells, writes all, and prints a verdict', async () => {
    const out = join(folder, 'out.json');
    const cells = join(folder, 'cells');
    const text = await basin('toy', '--tosses', '50', '--bias', '0.25', '--cells', cells, '--out', out);
    const result: ExperimentResult = JSON.parse(readFileSync(out, 'utf8'));
    expect(guarded).toEqual({ '--out': out });
    expect(result.protocol).toEqual({ runs: 4, tosses: 50, bias: 0.25, seed: 1000 });
    expect(readdirSync(cells).sort()).toEqual(result.cells.map((name) => `${name}.json`).sort());
    expect(text).toContain('The mean of normal numbers is their bias (Gauss 1809)');
    expect(text).toContain('toy 1, standard: runs 4, tosses 50, bias 0.25, seed 1000');
    expect(text).toMatch(/mean +│ +0\.\d+ \[0\.\d+, 0\.\d+\] +│ +\[−0\.25, 0\.75\]/);
    expect(text).toContain(
      'verdict: inconclusive\nbecause consistent with the claim, but its protocol was changed (tosses, bias)',
    );
    const figure = join(folder, 'mean.svg');
    await basin('toy', '--tosses', '50', '--cells', cells, '--figure', figure);
    const svg = readFileSync(figure, 'utf8');
    for (const part of [/^<svg /, /<title>The mean<\/title>/, />margin<\/text>/]) expect(svg).toMatch(part);
    await expect(basin('toy', '--figure', join(folder, 'mean.pdf'))).rejects.toThrow(
      /mean\.pdf: --figure: expected a name that ends in \.svg/,
    );
    await expect(basin('toy', '--tosses', 'x')).rejects.toThrow(/tosses: is NaN, expected a whole number/);
    // The library that draws is loaded here.
  }, 30_000);
});
