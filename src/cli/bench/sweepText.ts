import { aligned } from './aligned.ts';
import { onAdapter } from './onAdapter.ts';
import { profileLines } from './report.ts';
import type { Spread } from './spread.ts';
import { type PytorchSweeps, withoutReplicas } from './timePytorch.ts';
import type { SweepResult, SweepRun } from './timeSweeps.ts';

/** One runtime's results for people: a table a net, a column for each number of replicas. */
export function sweepText(run: SweepRun, pytorch: PytorchSweeps | undefined, profiles: boolean): string {
  const lines = [
    onAdapter(run),
    'milliseconds a replica and step, by the difference of two run lengths: median (least..largest)',
  ];
  const nets = new Map<string, SweepResult[]>();
  for (const result of run.cases) {
    const net = withoutReplicas(result.case.key);
    nets.set(net, [...(nets.get(net) ?? []), result]);
  }
  for (const [net, results] of nets) lines.push('', ...table(net, results, pytorch?.times[net]));
  if (pytorch) {
    lines.push(
      '',
      `PyTorch ${pytorch.version} on the CPU, ${pytorch.threads} thread, one run after the other`,
    );
  }
  for (const { case: sweep, timings } of run.cases) {
    for (const { name, wrong, failed, gpuErrors } of timings) {
      if (wrong) lines.push(`${sweep.key}, ${name}: WRONG, its losses are not those of float64`);
      if (failed !== undefined) lines.push(`${sweep.key}, ${name}: failed: ${failed}`);
      if (gpuErrors?.[0]) lines.push(`${sweep.key}, ${name}: WebGPU reported ${gpuErrors[0]}`);
    }
  }
  for (const { case: sweep, profile } of profiles ? run.cases : []) {
    if (profile) lines.push('', sweep.key, ...profileLines(profile));
  }
  return lines.join('\n');
}

function table(net: string, results: readonly SweepResult[], pytorch: Spread | undefined): string[] {
  const names = new Set(
    results.flatMap(({ timings }) => timings.flatMap(({ name, time }) => (time ? [name] : []))),
  );
  const rows = [...names].map((name) => [
    name,
    ...results.map(({ timings }) => {
      const found = timings.find((timing) => timing.name === name);
      return found?.time ? `${shown(found.time)}${found.wrong ? ' WRONG' : ''}` : '';
    }),
  ]);
  if (pytorch) rows.push(['PyTorch', shown(pytorch), ...results.slice(1).map(() => '')]);
  return aligned([[net, ...results.map(({ case: { replicas } }) => `R=${replicas}`)], ...rows], 1);
}

function shown({ median, min, max }: Spread): string {
  return `${median.toFixed(3)} (${min.toFixed(3)}..${max.toFixed(3)})`;
}
