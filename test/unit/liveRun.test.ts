import { describe, expect, test } from 'vitest';
import type { Ceilings, ClockInfo, KernelsReport, KernelsRow } from '../../src/bench/kernelsReport.ts';
import { timingOf } from '../../src/bench/timing.ts';
import { LiveRun } from '../../src/web/bench/liveRun.ts';

function ceilings(gbs: number): Ceilings {
  const ceiling = (median: number, unit: 'GB/s' | 'GFLOP/s' | 'µs') => ({
    unit,
    median,
    q1: median,
    q3: median,
    samples: [median],
    by: '',
  });
  return {
    copyBandwidth: ceiling(gbs, 'GB/s'),
    fmaPeak: ceiling(100, 'GFLOP/s'),
    dispatchCost: ceiling(1, 'µs'),
    submitLatency: ceiling(1, 'µs'),
    readbackLatency: ceiling(1, 'µs'),
  };
}

const clock: ClockInfo = { kind: 'timestamp-query', grain: 0, note: null };

/** 10⁶ bytes without arithmetic: at 1 ms that is 1 GB/s. */
function row(id: string, milliseconds: number | null): KernelsRow {
  return {
    id,
    family: 'structure',
    title: id,
    shape: '',
    ladder: null,
    dispatches: [],
    error: 0,
    tolerance: 0,
    wrong: false,
    failed: null,
    compile: 1,
    repeats: 1,
    time: milliseconds === null ? null : timingOf([milliseconds]),
    flops: 0,
    bytes: 1e6,
    intensity: 0,
    gflops: null,
    gbs: milliseconds === null ? null : 1 / milliseconds,
    roofline: null,
  };
}

function result(rows: readonly KernelsRow[], gbs: number, date: string) {
  const report = { date, ceilings: ceilings(gbs), clock, rows, heatMap: null } as unknown as KernelsReport;
  return { type: 'result', result: report, exitCode: 0 } as const;
}

describe('the run of the bench page', () => {
  test('knows which rows run a kernel, also while it does not compile', () => {
    const run = new LiveRun(false);
    const dispatch = (kernel: string) => ({
      kernel,
      knobs: {},
      grid: [1, 1, 1] as const,
      workgroupSize: [1, 1, 1] as const,
      workgroupBytes: 0,
      accumulators: 1,
    });
    run.take({ type: 'row', row: { ...row('a', 1), dispatches: [dispatch('x/one'), dispatch('x/two')] } });
    run.take({ type: 'row', row: { ...row('b', 1), dispatches: [dispatch('x/one')] } });
    expect(run.idsOf(new Set(['x/two']))).toEqual(['a']);
    run.take({ type: 'row', row: { ...row('a', null), failed: 'kernel x/two does not compile' } });
    expect(run.idsOf(new Set(['x/two']))).toEqual(['a']);
    expect(run.idsOf(new Set(['x/one']))).toEqual(['a', 'b']);
  });

  test('replaces a row that is run again, and keeps its last figure', () => {
    const run = new LiveRun(false);
    run.take({ type: 'ceilings', ceilings: ceilings(2), clock });
    run.take({ type: 'row', row: row('a', null) });
    run.take({ type: 'row', row: row('a', 1) });
    run.take({ type: 'row', row: row('b', 4) });
    expect(run.before.size).toBe(0);
    run.take(result([row('a', 1), row('b', 4)], 2, 'first'));

    run.runAgain();
    run.take({ type: 'ceilings', ceilings: ceilings(50), clock });
    run.take({ type: 'row', row: row('a', null) });
    run.take({ type: 'row', row: row('a', 0.5) });
    expect(run.before.get('a')?.time?.median).toBe(1);
    run.take(result([row('a', 0.5)], 50, 'second'));

    expect(run.rows.map(({ id, time }) => [id, time?.median])).toEqual([
      ['a', 0.5],
      ['b', 4],
    ]);
    expect(run.before.has('b')).toBe(false);
    // Under the ceilings of the first run, as its other rows are: 2 GB/s of 2.
    expect(run.report?.ceilings.copyBandwidth.median).toBe(2);
    expect(run.rows[0]?.roofline).toEqual({ share: 1, bound: 'memory' });
    expect(run.report?.rows).toEqual(run.rows);
    expect(run.report?.date).toBe('first');

    run.runAgain();
    run.take({ type: 'row', row: row('a', 0.25) });
    expect(run.before.get('a')?.time?.median).toBe(0.5);
  });
});
