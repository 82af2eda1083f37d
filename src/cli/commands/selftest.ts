import Table from 'cli-table3';
import type { Command } from 'commander';
import { currentRuntime } from '../../gpu/noAdapter.ts';
import { formatJson } from '../../present/formatJson.ts';
import type { SelftestResult, SelftestRow } from '../../selftest/selftest.ts';
import { runInDeno } from '../denoRuntime.ts';
import { print } from '../print.ts';
import { Progress } from '../progress.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { runtimeOption } from './outputOptions.ts';

interface SelftestOptions {
  json?: boolean;
  kernel?: string;
  runtime: HeadlessOptions['runtime'];
}

/** `basin selftest`: every kernel on this device beside its float64 reference. */
export function registerSelftest(program: Command): void {
  program
    .command('selftest')
    .description('check every kernel on this device against float64, run by run bit for bit')
    .option('--json', 'every case, as JSON')
    .option('--kernel <prefix>', 'only kernels whose path below shaders/ begins so: matmul/matvec')
    .addOption(runtimeOption().choices(['auto', 'node', 'browser', 'deno']))
    .action(async ({ json = false, kernel, runtime }: SelftestOptions) => {
      if (runtime === 'deno' && currentRuntime() !== 'deno') {
        process.exitCode = await runInDeno([
          'selftest',
          ...(json ? ['--json'] : []),
          ...(kernel === undefined ? [] : ['--kernel', kernel]),
        ]);
        return;
      }
      const progress = new Progress();
      try {
        const { result, exitCode } = await runHeadless(
          { job: 'selftest', kernel },
          { runtime, baseDir: process.cwd(), onEvent: (event) => progress.show(event) },
        );
        await print(`${json ? formatJson(result) : report(result as SelftestResult)}\n`);
        process.exitCode = exitCode;
      } finally {
        progress.close();
      }
    });
}

function report({ rows, passed, failed, compensatedSum }: SelftestResult): string {
  const survives = compensatedSum.twoSumSurvives
    ? 'survives this compiler'
    : 'is simplified away by this compiler';
  return [
    table(rows),
    ...rows.filter(({ ok }) => !ok).map(failure),
    `${compensatedSum.elements} terms one after the other: relative error ${scientific(compensatedSum.plainSum)}; ` +
      `with TwoSum ${scientific(compensatedSum.twoSum)} (it ${survives}); ` +
      `with guarded TwoSum ${scientific(compensatedSum.guardedTwoSum)}`,
    failed === 0 ? `all ${passed} cases passed` : `${failed} of ${passed + failed} cases failed`,
  ].join('\n');
}

/** Characters in a line of a variant or a case, so that the table fits a wide terminal. */
const WIDTH = 44;

/** A line a variant: how many cases, and the one that comes closest to what is allowed. */
function table(rows: readonly SelftestRow[]): string {
  const variants = new Map<string, SelftestRow[]>();
  for (const row of rows) {
    const name = [row.kernel, ...lines(row.variant, WIDTH)].join('\n  ');
    variants.set(name, [...(variants.get(name) ?? []), row]);
  }
  const shown = new Table({
    head: ['kernel and variant', 'cases', 'closest to its tolerance', 'error', 'tolerance', 'ms', ''],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'left', 'right', 'right', 'right', 'left'],
  });
  for (const [name, cases] of variants) {
    const worst = cases.reduce((a, b) => (part(b) > part(a) ? b : a));
    const milliseconds = cases.reduce((total, row) => total + row.milliseconds, 0);
    const ok = cases.every((row) => row.ok) ? 'ok' : 'FAILED';
    shown.push([
      name,
      cases.length,
      lines(worst.case, WIDTH).join('\n'),
      worst.worstError === null ? 'not a number' : scientific(worst.worstError),
      worst.tolerance === 0 ? 'exact' : scientific(worst.tolerance),
      milliseconds.toFixed(1),
      ok,
    ]);
  }
  return shown.toString();
}

/** Words in lines of at most `width` characters, if each of them is. */
function lines(text: string, width: number): string[] {
  const made: string[] = [];
  for (const word of text.split(' ').filter((w) => w !== '')) {
    const last = made.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      made[made.length - 1] = `${last} ${word}`;
    else made.push(word);
  }
  return made;
}

/** The part of its tolerance that a case uses. */
function part({ worstError, tolerance }: SelftestRow): number {
  if (worstError === null) return Number.POSITIVE_INFINITY;
  return worstError === 0 ? 0 : worstError / tolerance;
}

function failure({ kernel, variant, case: name, ...row }: SelftestRow): string {
  const what = `FAILED ${[kernel, variant].join(' ').trim()}: ${name}`;
  if (row.error !== undefined) return `${what}: ${row.error}`;
  const differs = row.deterministic ? '' : ', and a second run gave other bits';
  return `${what}: error ${row.worstError ?? 'not a number'}, allowed ${row.tolerance}${differs}`;
}

function scientific(value: number): string {
  return value === 0 ? '0' : value.toExponential(1);
}
