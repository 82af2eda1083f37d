import { beforeAll, describe, expect, test, vi } from 'vitest';
import matmulStaged from '../../shaders/ladder/matmulStaged.wgsl';
import matmulNN from '../../shaders/matmul/matmulRegister.wgsl?NN';
import { detectEditRaces } from '../../src/bench/edit/detectEditRaces.ts';
import { EditedKernel } from '../../src/bench/edit/editedKernel.ts';
import { caseOf, dispatchOf, editTarget, planOf } from '../../src/bench/edit/editTarget.ts';
import { indices, wrongText } from '../../src/bench/edit/editVerdict.ts';
import { followTrial } from '../../src/bench/edit/followTrial.ts';
import { gridFormula } from '../../src/bench/edit/gridFormula.ts';
import { oddTrials } from '../../src/bench/edit/oddTrials.ts';
import { placeKnobs } from '../../src/bench/edit/placeKnobs.ts';
import { raceTrial } from '../../src/bench/edit/raceTrial.ts';
import { ratioOf } from '../../src/bench/edit/timeVersions.ts';
import { rungTrial } from '../../src/bench/ladder/rung.ts';
import { sumLadder } from '../../src/bench/ladder/sum.ts';
import { deviation } from '../../src/selftest/deviation.ts';
import { emulatedGpu } from '../../src/selftest/emulatedGpu.ts';
import { checkOnce, prepareTrial } from '../../src/selftest/runTrial.ts';
import { GPU_CONSTANTS } from './gpuConstants.ts';

beforeAll(() => {
  for (const [name, value] of Object.entries(GPU_CONSTANTS)) vi.stubGlobal(name, value);
});

const PLANNED = ['', ''] as const;

describe('the grid as a formula', () => {
  const values = { m: 33, n: 65, TILE_M: 4 };
  test.each([
    ['12', 12],
    ['ceil(m / TILE_M)', 9],
    ['ceil(m / TILE_M) * ceil(n/4u)', 9 * 17],
    ['min(m, n) + max(2, 3) - (1 + 1)', 34],
    ['floor(n / 2) % 5', 2],
  ])('%s', (formula, expected) => {
    expect(gridFormula(formula, values)).toBe(expected);
  });
  test.each([
    ['m / TILE_M', /is 8\.25, expected a whole number/],
    ['m - 33', /is 0, expected/],
    ['k', /there is no k, expected one of m, n, TILE_M/],
    ['round(m)', /no function is called round, expected one of ceil/],
    ['(m', /found its end, expected \)/],
    ['m n', /found n, expected an operator/],
    ['m * ', /found its end, expected a number/],
    ['m & 1', /found &/],
    ['constructor', /there is no constructor/],
  ])('%s is refused', (formula, reason) => {
    expect(() => gridFormula(formula, values)).toThrow(reason);
  });
});

describe('a text in the place of a kernel', () => {
  test('knobs that it leaves as they were follow the plan, others are its own', async () => {
    const opened = { TILE_M: 2, TILE_N: 4 };
    const shipped = await matmulNN.code();
    const text = placeKnobs(matmulNN, shipped, opened);
    expect(text.split('\n').length).toBe(shipped.split('\n').length);
    expect(text).toContain('const TILE_M: u32 = 2u;');
    const edited = text.replace('TILE_N: u32 = 4u', 'TILE_N: u32 = 8u');
    const grid = ['ceil(m / TILE_M) * ceil(n / TILE_N)', ''] as const;
    const substitute = new EditedKernel(matmulNN, opened, { text: edited, grid }).substitute();
    const call = substitute({
      source: matmulNN,
      knobs: { TILE_M: 1, TILE_N: 1, BIAS: true },
      params: { m: 10, n: 20, k: 3 },
      grid: [99, 1],
    });
    const code = await call.source.code();
    for (const knob of ['TILE_M: u32 = 1u', 'TILE_N: u32 = 8u', 'BIAS: bool = true'])
      expect(code).toContain(knob);
    expect(call).toMatchObject({ grid: [30, 1], params: { m: 10, n: 20, k: 3 } });
    const other = { source: matmulStaged, params: {}, grid: [1, 1] as const };
    expect(substitute(other)).toBe(other);
  });

  const refusalOf = (text: string): { line: number; message: string } => {
    try {
      new EditedKernel(matmulStaged, {}, { text, grid: PLANNED });
    } catch (error) {
      return error as { line: number; message: string };
    }
    throw new Error('it was not refused');
  };
  test.each([
    ['var<storage, read> a:', 'var<storage, read> w:', /Params lacks wOffset/],
    ['@binding(2)', '@binding(7)', /b is at binding 7, expected 2/],
    ['var<storage, read> b', 'var<storage, read_write> b', /b is read_write, expected read/],
    ['k: u32,', 'k: u32, depth: u32,', /no value is known for Params\.depth: .* m, n, k/],
    ['fn main', 'fn multiply', /expected one compute entry point/],
  ])('%s as %s is refused at its line', async (from, to, reason) => {
    const code = await matmulStaged.code();
    const text = code.replace(from, to);
    const { line, message } = refusalOf(text);
    expect(message).toMatch(reason);
    expect(text.split('\n')[line - 1]).toMatch(/var<|Params|u32|@compute/);
  });
});

test('a kernel of a row is found with what is planned for it, and odd shapes that run it', async () => {
  const { gpu } = emulatedGpu({ software: true, subgroupSize: 4 });
  const target = await editTarget(gpu, { row: 'matmul ladder 4', quick: true });
  expect(target).toMatchObject({
    kernel: 'matmul/matmulNN',
    scale: 'quick',
    shape: '128×128×128',
    params: { m: 128, n: 128, k: 128 },
    knobs: { TILE_M: 4, TILE_N: 4 },
  });
  const of = caseOf(gpu, target.row, 'quick');
  const shapes = (await oddTrials(gpu, of, target)).map(({ name }) => name);
  expect(shapes).toEqual([
    expect.stringContaining('68×36×132, R = 3'),
    expect.stringContaining('33×127×65, R = 1'),
    expect.stringContaining('1×1×1, R = 1'),
  ]);
  const sum = await editTarget(gpu, { row: 'reduce sum', quick: false });
  expect(sum).toMatchObject({ scale: 'cpu', kernel: 'reduce/sumVec4' });
  const odd = await oddTrials(gpu, caseOf(gpu, 'reduce sum', 'cpu'), sum);
  expect(odd.length).toBeGreaterThan(1);
  for (const trial of odd) expect(dispatchOf(await planOf(gpu, trial), sum).kernel).toBe('reduce/sumVec4');
  await expect(editTarget(gpu, { row: 'matmul ladder 44', quick: true })).rejects.toThrow(
    /no row of the bench/,
  );
});

describe('what the race detector says of a text', () => {
  const of = async (change: (code: string) => string) => {
    const { gpu } = emulatedGpu({ software: true, subgroupSize: 4 });
    const text = change(await matmulStaged.code());
    const edited = new EditedKernel(matmulStaged, {}, { text, grid: PLANNED });
    const trial = raceTrial(caseOf(gpu, 'matmul ladder 3', 'quick'), []);
    return { text, ...(await detectEditRaces(gpu, trial, edited)) };
  };

  test('no race in the shipped kernel; one where a barrier is missing, at its lines', {
    timeout: 60_000,
  }, async () => {
    expect((await of((code) => code)).outcome).toEqual({ state: 'none', shape: '20×20×20' });
    const { outcome, problems, text } = await of((code) => code.replace('workgroupBarrier();', ''));
    expect(outcome.state).toBe('found');
    const lines = problems.map(({ line }) => text.split('\n')[line - 1]);
    expect(lines.join()).toMatch(/Tile\[/);
  });

  test('a kernel that does not end is given up', { timeout: 60_000 }, async () => {
    const { gpu } = emulatedGpu();
    const rung = sumLadder.rungs[0]!;
    const text = (await rung.kernel.code()).replace('sum +=', 'i = 0u; sum +=');
    const edited = new EditedKernel(rung.kernel, {}, { text, grid: PLANNED });
    const trial = rungTrial(sumLadder, rung, { elements: 9 });
    expect(await followTrial(gpu, trial, 5000)).toMatchObject({ ok: true, races: [], givenUp: null });
    const substitute = edited.substitute({ followed: true });
    expect(await followTrial(gpu, { ...trial, substitute }, 100)).toMatchObject({ late: true });
  });
});

test('a wrong number is told with its place and by how much', async () => {
  const { gpu } = emulatedGpu();
  const rung = sumLadder.rungs[0]!;
  const text = (await rung.kernel.code()).replace('sum += ', 'sum += 1.0 + ');
  const substitute = new EditedKernel(rung.kernel, {}, { text, grid: PLANNED }).substitute();
  const trial = rungTrial(sumLadder, rung, { elements: 4 });
  const prepared = await prepareTrial(gpu, { ...trial, substitute });
  const check = await checkOnce(gpu, prepared);
  expect(check.ok).toBe(false);
  expect(wrongText(check, prepared)).toMatch(
    /^the result is .*, expected .*: off by 4\.00, allowed are .*; 1 of 1 elements are wrong\.$/,
  );
  expect(indices(37, [2, 5, 7])).toBe('[1, 0, 2]');
});

test('an exact number that is wrong stays the worst', () => {
  const found = Float32Array.of(1, 2, 3);
  expect(deviation(found, { values: [1, 2, 4], tolerance: 0 })).toMatchObject({
    ratio: Number.POSITIVE_INFINITY,
    at: 2,
    found: 3,
    expected: 4,
    wrong: 1,
  });
});

test('times in alternation are compared round by round', () => {
  // The machine slows down to half its speed; the edited kernel takes half of the other's time throughout.
  const base = [1, 1.2, 1.5, 1.8, 2, 2.1];
  expect(
    ratioOf(
      base,
      base.map((time) => time / 2),
    ),
  ).toEqual({ value: 0.5, spread: 0, within: false });
  expect(ratioOf(base, [1.1, 1.1, 1.6, 1.7, 2, 2.1])).toMatchObject({ within: true });
  // Three rounds are too few, however far apart they are.
  expect(ratioOf([4, 4, 4], [1, 1, 1])).toMatchObject({ value: 0.25, within: true });
});
