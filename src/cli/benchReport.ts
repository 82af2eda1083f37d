import type { ProfileLine } from '../jobs/benchRunner.ts';
import type { BatchResult, Spread, StepRun, Timing } from './benchStep.ts';

/** One runtime's results for people. */
export function stepText(run: StepRun): string {
  const { adapter, version, stepsPerSample, batches } = run;
  const { vendor, architecture, device, description, software } = adapter;
  const named = [vendor, architecture, device, description].filter(Boolean).join(' ');
  const lines = [
    `${version} on ${named}${software ? ': a software adapter, its times say nothing about a GPU' : ''}`,
    `One training step of 784-128-10, batch on the device; samples of ${stepsPerSample} steps and one reading of the loss`,
  ];
  for (const batch of batches) lines.push('', ...batchText(batch));
  return lines.join('\n');
}

function batchText({ batch, timings, overBasin, profiles }: BatchResult): string[] {
  const head = [
    `B = ${batch}`,
    'ms a step',
    'min..max',
    'over Basin',
    'dispatches',
    'submits',
    'error',
    'first run',
  ];
  const rows = timings.map((timing) => row(timing, overBasin[timing.key]));
  const lines = aligned([head, ...rows], 1);
  for (const { key, name, wrong, failed, gpuErrors } of timings) {
    if (wrong) lines.push(`${name}: WRONG, its loss is not that of float64`);
    if (failed !== undefined) lines.push(`${name}: failed: ${failed}`);
    if (gpuErrors?.[0]) lines.push(`${name}: WebGPU reported ${gpuErrors[0]}`);
    const ratio = overBasin[key];
    if (ratio && !key.startsWith('basin')) {
      lines.push(`Basin against ${name} at B = ${batch}: ${times(ratio)} as fast`);
    }
  }
  const statistics = overBasin['basin-statistics'];
  if (statistics) {
    lines.push(`A step with B_simple measured over one without at B = ${batch}: ${times(statistics)}`);
  }
  if (profiles.basin) lines.push('', ...profileLines(`Basin's step at B = ${batch}`, profiles.basin));
  return lines;
}

function row({ name, time, error, wrong, failed, ...timing }: Timing, ratio: Spread | undefined): string[] {
  if (failed !== undefined || !time) return [name, 'failed', '', '', '', '', '', ''];
  return [
    name,
    wrong ? `WRONG (${time.median.toFixed(2)})` : time.median.toFixed(2),
    `${time.min.toFixed(2)}..${time.max.toFixed(2)}`,
    ratio ? `${ratio.median.toFixed(2)} ×` : '',
    `${timing.dispatchesPerStep}`,
    timing.submitsPerStep!.toFixed(2),
    error!.toExponential(1),
    `${timing.first!.toFixed(0)} ms`,
  ];
}

function times({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} × (${min.toFixed(2)} to ${max.toFixed(2)} in single rounds)`;
}

/** A line a dispatch. */
function profileLines(title: string, profile: readonly ProfileLine[]): string[] {
  const total = profile.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const rows = profile.map(({ label, kernel, grid, milliseconds, gflops }) => [
    label,
    kernel,
    grid.join(' × '),
    milliseconds.toFixed(3),
    `${((100 * milliseconds) / total).toFixed(1)} %`,
    gflops === undefined ? '' : gflops.toFixed(2),
  ]);
  const head = ['op', 'kernel', 'grid', 'ms', 'share', 'GFLOP/s'];
  const foot = [`${profile.length} dispatches`, '', '', total.toFixed(3), '', ''];
  return [`${title}, each dispatch in a pass of its own`, ...aligned([head, ...rows, foot], 3)];
}

/** Columns as wide as what is in them; the first `left` of them flush left. */
function aligned(rows: readonly (readonly string[])[], left: number): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
