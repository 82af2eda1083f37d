import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import type { Gpu } from './device.ts';
import { requireGpu } from './requireGpu.ts';
import { inTurn, medianOf, type Timeable, timed, timeProgram } from './timedProgram.ts';

/** How long a program takes, in milliseconds a run. */
export interface ProgramTime {
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** One a round. */
  readonly samples: readonly number[];
}

/**
 * Times programs side by side: in every round each of them once, there and back in turn (A B, B A, …), so that what drifts while the
 * machine warms up or is shared meets all alike. A sample is the wall clock over about 40 ms of runs in one submit. The programs do what
 * they do at every run: they write their states.
 *
 * Times of a software adapter (`gpu.info.software`) say nothing about a GPU.
 * @param rounds samples of each
 * @throws InputError if there is no program, or no round
 * @throws DeviceLostError
 */
export async function time<Name extends string>(
  gpu: Gpu,
  programs: Readonly<Record<Name, Timeable>>,
  { rounds = 9 }: { readonly rounds?: number } = {},
): Promise<Record<Name, ProgramTime>> {
  requireGpu('time', gpu);
  const names = Object.keys(programs) as Name[];
  if (names.length === 0)
    throw new InputError('time', 'programs', 'none given, expected { name: program, … }');
  if (!(Number.isInteger(rounds) && rounds > 0)) {
    throw new InputError('time', 'rounds', `${showValue(rounds)}, expected a positive integer`);
  }
  const warm = new Map<Name, Awaited<ReturnType<typeof timed>>>();
  for (const name of names) warm.set(name, await timed(gpu, programs[name]));
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of inTurn(names, round)) samples.get(name)!.push(await timeProgram(gpu, warm.get(name)!));
  }
  const timeOf = (of: readonly number[]): ProgramTime => ({
    median: medianOf(of),
    fastest: Math.min(...of),
    slowest: Math.max(...of),
    samples: of,
  });
  return Object.fromEntries(names.map((name) => [name, timeOf(samples.get(name)!)])) as Record<
    Name,
    ProgramTime
  >;
}
