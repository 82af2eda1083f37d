import type { Gpu } from '../gpu/device.ts';
import { InputError } from '../host/inputError.ts';
import type { RunControl } from '../host/runControl.ts';
import type { ResultEvent, WorkEvent } from '../host/workEvent.ts';
import type { PreparedTrial } from '../selftest/runTrial.ts';
import { benchClock } from './benchClock.ts';
import { heatMap } from './heatMap.ts';
import { FAMILIES, type KernelCase, kernelCases, scaleFor } from './kernelCases.ts';
import {
  type HeatMap,
  KERNELS_FORMAT,
  type KernelsEvent,
  type KernelsReport,
  type KernelsRow,
  type KernelsSpec,
} from './kernelsReport.ts';
import { attentionLadder } from './ladder/attention.ts';
import { convLadder } from './ladder/conv.ts';
import { convWeightGradientLadder } from './ladder/convWeightGradient.ts';
import { matmulLadder } from './ladder/matmul.ts';
import { mlpStepLadder } from './ladder/mlpStep.ts';
import { momentsLadder } from './ladder/moments.ts';
import { ladderText } from './ladder/rung.ts';
import { sumLadder } from './ladder/sum.ts';
import { fmaProbe, measureCeilings } from './measureCeilings.ts';
import { prepareRow } from './prepareRow.ts';
import { timedRow } from './timedRow.ts';

const ROUNDS = { full: 15, quick: 3 };
const HEAT_MAP_ROUNDS = 10;

/** A row that is checked and warm: what is left is to time it. */
interface Live {
  row: KernelsRow;
  readonly prepared: PreparedTrial;
  readonly samples: number[];
}

/**
 * Times every kernel at a list of shapes beside this adapter's own ceilings; the result is a KernelsReport. Each is first
 * compared with float64, and a wrong one gets no time. Samples are taken in rounds over all rows, forwards and backwards
 * in turns, so that a slow drift of the machine is in each row's spread.
 * @param control stops after the round under way; the result then has the rounds that were done
 * @throws InputError if no row is picked; DeviceLostError
 */
export async function* benchKernels(
  gpu: Gpu,
  spec: KernelsSpec,
  control?: RunControl,
): AsyncGenerator<WorkEvent | KernelsEvent | ResultEvent, void, void> {
  const { quick = false, families, only } = spec;
  requireFamilies(families);
  const rounds = spec.rounds ?? (quick ? ROUNDS.quick : ROUNDS.full);

  yield { type: 'phase', phase: 'measuring ceilings' };
  const fma = await fmaProbe(gpu);
  const clock = await benchClock(gpu, fma.program);
  fma.dispose();
  const live: Live[] = [];
  const rows = new Map<string, KernelsRow>();
  let exitCode = 0;
  try {
    const ceilings = await measureCeilings(gpu, clock, rounds);
    yield { type: 'ceilings', ceilings, clock: clock.info };
    const scale = quick ? 'quick' : scaleFor(gpu.info.software, ceilings.fmaPeak.median);
    const cases = picked(kernelCases(scale), spec);

    yield { type: 'phase', phase: 'checking against float64' };
    for (const [done, each] of cases.entries()) {
      yield { type: 'progress', done, total: cases.length, unit: 'rows' };
      const { row, prepared, broken } = await prepareRow(gpu, clock, each);
      rows.set(row.id, row);
      if (prepared) live.push({ row, prepared, samples: [] });
      if (broken) exitCode = 1;
      yield { type: 'row', row };
      if (control?.stopped) break;
    }

    yield { type: 'phase', phase: 'timing' };
    for (let round = 0; round < rounds && !control?.stopped; round++) {
      yield { type: 'progress', done: round, total: rounds, unit: 'rounds' };
      for (const each of round % 2 ? [...live].reverse() : live) {
        const { prepared, samples } = each;
        const { repeats } = each.row;
        // What the others have left in caches shall not count; where a run fills a sample, it does not.
        if (repeats > 1) await clock.time(prepared.program, 1);
        samples.push((await clock.time(prepared.program, repeats)) / repeats);
        each.row = timedRow(each.row, samples, clock, ceilings);
        rows.set(each.row.id, each.row);
        yield { type: 'row', row: each.row };
      }
    }
    for (const { prepared } of live.splice(0)) prepared.dispose();

    let tiles: HeatMap | null = null;
    if ((spec.heatMap ?? !(quick || families || only)) && !control?.stopped) {
      yield { type: 'phase', phase: 'timing tile sizes' };
      const edge = { quick: 64, cpu: 192, gpu: 512, large: 1024 }[scale];
      const running = heatMap(gpu, clock, { m: edge, n: edge, k: edge }, quick ? rounds : HEAT_MAP_ROUNDS);
      for (;;) {
        const next = await running.next();
        if (next.done) {
          tiles = next.value;
          break;
        }
        yield { type: 'progress', ...next.value, unit: 'rounds' };
      }
      yield { type: 'heatMap', heatMap: tiles };
    }

    const result: KernelsReport = {
      format: KERNELS_FORMAT,
      adapter: gpu.info,
      features: [...gpu.device.features].sort(),
      engine: gpu.info.engine,
      runtime: gpu.info.runtime,
      version: __BASIN_VERSION__,
      commit: spec.commit ?? null,
      date: new Date().toISOString(),
      quick,
      clock: clock.info,
      ceilings,
      rows: [...rows.values()],
      ladders: [
        ladderText(matmulLadder),
        ladderText(sumLadder),
        ladderText(momentsLadder),
        ladderText(convLadder),
        ladderText(convWeightGradientLadder),
        ladderText(attentionLadder),
        ladderText(mlpStepLadder),
      ],
      heatMap: tiles,
    };
    yield { type: 'result', result, exitCode };
  } finally {
    for (const { prepared } of live) prepared.dispose();
    clock.dispose();
  }
}

function requireFamilies(families: KernelsSpec['families']): void {
  const unknown = families?.filter((family) => !FAMILIES.includes(family)) ?? [];
  if (unknown.length > 0) {
    throw new InputError(
      'bench kernels',
      'family',
      `no family is called ${unknown.join(' or ')}; there are ${FAMILIES.join(', ')}`,
    );
  }
}

function picked(cases: readonly KernelCase[], { families, only }: KernelsSpec): readonly KernelCase[] {
  const of = cases.filter(({ family }) => families?.includes(family) ?? true);
  const found = of.filter(({ id }) => only?.some((text) => id.includes(text)) ?? true);
  if (found.length > 0) return found;
  throw new InputError(
    'bench kernels',
    'only',
    `no row contains ${only?.join(' or ')}; there are ${of.map(({ id }) => id).join('; ')}`,
  );
}
