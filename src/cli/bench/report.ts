import type { ProfileLine } from '../../bench/benchRunner.ts';
import { aligned } from './aligned.ts';
import { onAdapter } from './onAdapter.ts';
import type { Spread } from './spread.ts';
import type { BenchRun, CaseResult, Timing } from './timeCases.ts';
import type { ColdResult } from './timeColdStarts.ts';

/** One runtime's results for people. */
export function benchText(run: BenchRun): string {
  const lines = [onAdapter(run)];
  for (const result of run.cases) lines.push('', ...caseText(result));
  lines.push(...summary(run.cases));
  if (run.cold) lines.push('', ...coldText(run.cold, run.implementations));
  return lines.join('\n');
}

/** Medians: milliseconds, and kB of what a page loads. */
function coldText(
  cold: Readonly<Record<string, ColdResult>>,
  implementations: BenchRun['implementations'],
): string[] {
  const nameOf = (key: string): string => {
    const started = implementations[key];
    return cold[key]?.samples[0]?.name ?? (started && 'name' in started ? started.name : key);
  };
  const time = (found: Spread | undefined): string => (found ? found.median.toFixed(0) : '');
  const rows = Object.entries(cold)
    .filter(([, { samples }]) => samples.length > 0)
    .map(([key, { init, firstProduct, firstStep, pipelines, files }]) => {
      const kilobytes = (of: 'bytes' | 'gzip'): string =>
        files ? (files.reduce((sum, file) => sum + file[of], 0) / 1000).toFixed(0) : '';
      return [
        nameOf(key),
        time(init),
        time(firstProduct),
        time(firstStep),
        `${pipelines}`,
        kilobytes('bytes'),
        kilobytes('gzip'),
      ];
    });
  const head = ['cold start, ms', 'import + init', 'first 256³ product', 'then first step', 'pipelines'];
  const rounds = Math.max(...Object.values(cold).map(({ samples }) => samples.length));
  return [
    ...aligned([[...head, 'kB minified', 'kB gzip'], ...rows], 1),
    `medians of ${rounds}, a fresh browser or process each; products are read back, counted from the beginning; the step is of B = 64, compilation included`,
    ...Object.entries(cold).flatMap(([key, { failed }]) =>
      failed === undefined ? [] : [`${nameOf(key)}: failed: ${failed}`],
    ),
  ];
}

function caseText({
  case: { key, times, flops, bytes },
  timings,
  overBasin,
  profiles,
}: CaseResult): string[] {
  const unit = flops ? ['GFLOP/s'] : bytes ? ['GB/s'] : [];
  const head = [key, 'ms', 'min..max', ...unit, 'over Basin', 'dispatches', 'submits', 'error', 'first'];
  const rows = timings
    .filter(({ absent }) => !absent)
    .map((timing) => row(timing, overBasin[timing.key], flops ?? bytes));
  const lines = aligned([head, ...rows], 1);
  lines.push(`samples of ${times}; first: until the first one is done, compilation included`);
  for (const { name, wrong, failed, gpuErrors } of timings) {
    if (wrong) lines.push(`${name}: WRONG, its result is not that of float64`);
    if (failed !== undefined) lines.push(`${name}: failed: ${failed}`);
    if (gpuErrors?.[0]) lines.push(`${name}: WebGPU reported ${gpuErrors[0]}`);
  }
  const absent = timings
    .filter(({ key, absent }) => absent && !key.startsWith('basin'))
    .map(({ name }) => name);
  if (absent.length > 0) lines.push(`not offered by ${absent.join(', ')}`);
  const statistics = overBasin['basin-statistics'];
  if (statistics) lines.push(`a step with B_simple measured over one without: ${quotient(statistics)}`);
  const best = bestPeer(timings, overBasin);
  if (best) lines.push(`Basin against the best library, ${best.name}: ${quotient(best.ratio)} as fast`);
  if (profiles.basin && profiles.basin.length > 1) lines.push('', ...profileLines(profiles.basin));
  return lines;
}

function row(
  { name, time, error, wrong, failed, ...timing }: Timing,
  ratio: Spread | undefined,
  work: number | undefined,
): string[] {
  const rate = work ? [time ? (work / time.median / 1e6).toFixed(2) : ''] : [];
  if (failed !== undefined || !time) return [name, 'failed', '', ...rate, '', '', '', '', ''];
  return [
    name,
    wrong ? `WRONG (${time.median.toFixed(2)})` : time.median.toFixed(2),
    `${time.min.toFixed(2)}..${time.max.toFixed(2)}`,
    ...rate,
    ratio ? `${ratio.median.toFixed(2)} ×` : '',
    `${Number(timing.dispatches!.toFixed(1))}`,
    timing.submits!.toFixed(2),
    error!.toExponential(1),
    `${timing.first!.toFixed(0)} ms`,
  ];
}

/** The fastest library that gives right results. Kernels written by hand for one shape are no library. */
function bestPeer(
  timings: readonly Timing[],
  overBasin: CaseResult['overBasin'],
): { name: string; ratio: Spread } | undefined {
  const peers = timings.flatMap(({ key, name }) => {
    const ratio = overBasin[key];
    return ratio && !key.startsWith('basin') && key !== 'bareKernels' ? [{ name, ratio }] : [];
  });
  return peers.sort((a, b) => a.ratio.median - b.ratio.median)[0];
}

/** The matrix products together, as a geometric mean. */
function summary(cases: readonly CaseResult[]): string[] {
  const products = cases.filter(({ case: { kind } }) => kind === 'matmul');
  const best = products.flatMap(({ timings, overBasin }) => bestPeer(timings, overBasin)?.ratio.median ?? []);
  if (best.length < 2) return [];
  const mean = Math.exp(best.reduce((sum, ratio) => sum + Math.log(ratio), 0) / best.length);
  return [
    '',
    `matmul against the best library of each shape: geometric mean ${mean.toFixed(2)} × over ${best.length} shapes, least ${Math.min(...best).toFixed(2)} ×`,
  ];
}

function quotient({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} × (${min.toFixed(2)} to ${max.toFixed(2)} in single rounds)`;
}

/** A line a dispatch. */
export function profileLines(profile: readonly ProfileLine[]): string[] {
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
  return ["Basin's, each dispatch in a pass of its own", ...aligned([head, ...rows, foot], 3)];
}
