import Table from 'cli-table3';
import type { DispatchTime } from '../gpu/program.ts';
import type { BatchResult, Spread, StepRun, Timing } from './benchStep.ts';

const PLAIN = { style: { head: [], border: [] } };

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
  const table = new Table({
    ...PLAIN,
    head: [
      `B = ${batch}`,
      'ms a step',
      'min..max',
      'over Basin',
      'dispatches',
      'submits',
      'error',
      'first run',
    ],
    colAligns: ['left', ...Array(7).fill('right')],
  });
  for (const timing of timings) table.push(row(timing, overBasin[timing.key]));
  const lines = [table.toString()];
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
  for (const { key, name } of timings) {
    const profile = profiles[key];
    if (profile) lines.push('', profileText(`${name}, a step at B = ${batch}`, profile));
  }
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

function profileText(title: string, profile: readonly DispatchTime[]): string {
  const total = profile.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const table = new Table({
    ...PLAIN,
    head: [title, 'kernel', 'grid', 'ms', 'share'],
    colAligns: ['left', 'left', 'left', 'right', 'right'],
  });
  for (const { label, kernel, grid, milliseconds } of profile) {
    const share = `${((100 * milliseconds) / total).toFixed(1)} %`;
    table.push([label, kernel, grid.join(' × '), milliseconds.toFixed(3), share]);
  }
  table.push([`${profile.length} dispatches`, '', '', total.toFixed(3), '']);
  return table.toString();
}
