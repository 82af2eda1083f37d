import { compareReadings } from './compareReadings.ts';
import {
  compareExactly,
  compareList,
  compareNumber,
  compareTensor,
  type Deviation,
  type Json,
  show,
  type Tensors,
  tolerances,
} from './deviation.ts';
import type { Tensor } from './readTensors.ts';

/**
 * A result of `basin train` and its final tensors against the expected ones, for one run or for replicas.
 * `startOf(replica)` gives the initial weights: weights are compared as they are, and by how far they travelled.
 */
export function compareTrain(
  result: Json,
  tensors: Tensors,
  expected: Json,
  expectedTensors: Tensors,
  startOf: (replica: number) => Tensors,
): Deviation[] {
  const deviations: Deviation[] = [];
  if (expected.replicas) {
    const found = (result.replicas ?? []) as Json[];
    const wanted = expected.replicas as Json[];
    deviations.push(compareExactly('replicas', found.length, wanted.length));
    wanted.forEach((run, r) => {
      deviations.push(...compareRun(`replicas.${r}.`, found[r] ?? {}, run));
    });
  } else {
    deviations.push(...compareRun('', result, expected));
  }

  const diverged = (name: string) => {
    const replica = /^replica\.(\d+)\./.exec(name)?.[1];
    return (replica ? (expected.replicas as Json[])[Number(replica)] : expected)?.diverged !== undefined;
  };
  for (const [name, { data }] of tensors) {
    if (!data.every(Number.isFinite))
      deviations.push({ key: name, ratio: Infinity, detail: 'holds a number that is not finite' });
  }
  const names = [...tensors.keys()].filter((name) => !diverged(name));
  deviations.push(compareExactly('tensor names', names.sort(), [...expectedTensors.keys()].sort()));
  for (const [name, tensor] of expectedTensors) {
    const [, replica = '0', parameter = ''] =
      /^(?:replica\.(\d+)\.)?(?:(?:swa|ema|lawa|swag)\.)?(.*)$/.exec(name) ?? [];
    const start = startOf(Number(replica)).get(parameter);
    const actual = tensors.get(name);
    deviations.push(compareTensor(name, actual, tensor, tolerances.trajectory));
    // Variances began nowhere.
    if (!start) continue;
    deviations.push(
      compareTensor(`travel of ${name}`, minus(actual, start), minus(tensor, start)!, tolerances.trajectory),
    );
  }
  return deviations;
}

function compareRun(prefix: string, result: Json, expected: Json): Deviation[] {
  if (expected.diverged) {
    const { step, reason } = (result.diverged ?? {}) as { step?: unknown; reason?: unknown };
    const said =
      Number.isInteger(step) && (step as number) >= 1 && typeof reason === 'string' && reason !== '';
    const detail = `${show(result.diverged)}, expected {step, reason}`;
    return [{ key: `${prefix}diverged`, ratio: said ? 0 : Infinity, detail }];
  }
  const deviations = [
    // A loss near 0 by a lucky batch is not asked for more digits than the run has.
    compareList(`${prefix}losses`, result.losses, expected.losses as number[], tolerances.trajectory, 1e-2),
  ];
  for (const key of ['finalLoss', 'finalLossRecomputed', 'swaLoss', 'emaLoss', 'lawaLoss', 'swagLoss']) {
    if (!(key in expected)) continue;
    deviations.push(compareNumber(prefix + key, result[key], expected[key] as number, tolerances.trajectory));
  }
  if (expected.readings) {
    deviations.push(...compareReadings(prefix, result.readings, expected.readings as never));
  }
  // The fixtures hold no near ties, so the count of right answers is exact.
  if ('accuracy' in expected) {
    deviations.push(compareNumber(`${prefix}accuracy`, result.accuracy, expected.accuracy as number, 1e-6));
  }
  return deviations;
}

function minus(a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  if (!a || !b || a.data.length !== b.data.length) return undefined;
  return { shape: a.shape, data: Float32Array.from(a.data, (value, i) => value - b.data[i]!) };
}
