import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseKernelsReport } from '../../src/bench/compareKernels.ts';
import { rooflineShare } from '../../src/bench/roofline.ts';
import { timingOf } from '../../src/bench/timing.ts';
import { basin, inFolder } from './basin.ts';

test('bench kernels: ceilings, checked rows and tile sizes in a file, as CSV, and compared', async () => {
  await inFolder(async (folder) => {
    const only = ['ladder', 'elementwise', 'NT'];
    const args = ['bench', '--quick', '--runtime', 'node', '--only', ...only];
    const { stdout, stderr, exitCode } = await basin(
      [...args, '--heat-map', '--explain', '--out', 'a.json', '--csv', 'a.csv'],
      folder,
    );
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/SOFTWARE adapter/);
    expect(stdout).toMatch(
      /^ {2}1\. .* \(shaders\/ladder\/matmulNaive\.wgsl; 128×128×128: .* ms\)\. Each output/m,
    );
    const report = parseKernelsReport(readFileSync(join(folder, 'a.json'), 'utf8'), 'a.json');
    expect(report).toMatchObject({ quick: true, runtime: 'node', adapter: { software: true } });
    for (const { median, q1, q3, samples } of Object.values(report.ceilings)) {
      expect(median).toBeGreaterThan(0);
      expect(q1).toBeLessThanOrEqual(median);
      expect(q3).toBeGreaterThanOrEqual(median);
      expect(samples.length).toBeGreaterThanOrEqual(3);
    }

    // Every rung of every ladder ran, and every row is right and has its time and its share of the roofline.
    for (const { name, rungs } of report.ladders) {
      expect(rungs.length).toBeGreaterThanOrEqual(5);
      const rows = report.rows.filter(({ ladder }) => ladder?.name === name);
      expect(rows.map(({ ladder }) => ladder!.number)).toEqual(rungs.map(({ number }) => number));
      for (const { why } of rungs) expect(why.length).toBeGreaterThan(100);
    }
    expect(report.rows.map(({ id }) => id)).toContain('elementwise ReLU 16384');
    for (const row of report.rows) {
      const { id, time, flops, bytes, error, tolerance, wrong, failed, compile, dispatches } = row;
      expect({ id, wrong }).toEqual({ id, wrong: false });
      if (failed !== null) {
        expect(failed, id).toMatch(/no subgroups/);
        continue;
      }
      expect(error!, id).toBeLessThanOrEqual(tolerance);
      expect(compile!, id).toBeGreaterThan(0);
      expect(dispatches.length, id).toBeGreaterThan(0);
      expect(time!.samples, id).toHaveLength(3);
      expect(time, id).toMatchObject({ ...timingOf(time!.samples), spread: expect.any(Number) });
      expect(row.roofline, id).toEqual(
        rooflineShare({ flops, bytes, milliseconds: time!.median }, report.ceilings),
      );
    }
    // Two operands read and one written, by hand.
    const add = report.rows.find(({ id }) => id === 'elementwise add 16384')!;
    expect([add.flops, add.bytes]).toEqual([16_384, 3 * 4 * 16_384]);
    const { cells, rows, columns } = report.heatMap!;
    expect(cells).toHaveLength(rows.values.length * columns.values.length);
    expect(cells.filter(({ failed }) => failed !== null)).toEqual([]);

    const csv = readFileSync(join(folder, 'a.csv'), 'utf8').trim().split('\r\n');
    expect(csv).toHaveLength(1 + report.rows.length);

    const compared = await basin(['bench', 'compare', 'a.json', 'a.json'], folder);
    expect(compared.exitCode, compared.stderr).toBe(0);
    expect(compared.stdout).toContain(`${report.rows.length} of ${report.rows.length} rows are within`);

    writeFileSync(join(folder, 'b.json'), '{"bench": "step", "runs": []}');
    const refused = await basin(['bench', 'compare', 'a.json', 'b.json'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/b\.json: format: found a result of "bench step"/);

    const unknown = await basin(['bench', 'kernels', '--runtime', 'node', '--family', 'fft'], folder);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toMatch(/fft; there are matmul, reduce, moments/);
  });
});
