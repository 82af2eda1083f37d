import type { Gpu } from '../../gpu/device.ts';
import type { Trial } from '../../selftest/trial.ts';
import type { EditedKernel } from './editedKernel.ts';
import { type Followed, followTrial } from './followTrial.ts';
import type { EditProblem, RaceOutcome } from './kernelEditReport.ts';

/** Milliseconds in which the detector has to follow the shipped kernel, or its verdict is not waited for. */
const LIMIT = 8_000;
/** How much longer than the shipped kernel an edited one may take there before it is taken for one that never ends. */
const LONGER = 4;
const MOST_PROBLEMS = 10;

/** What the detector says of an edited text. */
export interface DetectedRaces {
  readonly outcome: RaceOutcome;
  /** It did not come to an end where the shipped kernel soon did. */
  readonly endless: string | null;
  readonly problems: readonly EditProblem[];
}

/** By kernel and shape: what came of following the shipped kernel, whose text does not change. */
const shipped = new Map<string, Followed>();

/**
 * Follows an edited text with the race detector. Only where it can follow the shipped kernel, to the right numbers and without a complaint, is what it says
 * of the text worth anything.
 */
export async function detectEditRaces(
  gpu: Gpu,
  trial: Trial | undefined,
  edited: EditedKernel,
): Promise<DetectedRaces> {
  const unknown = (reason: string): DetectedRaces => ({
    outcome: { state: 'unknown', reason },
    endless: null,
    problems: [],
  });
  if (!trial) return unknown('the self-test has no shape that is small enough for the detector');
  const shape = shapeOf(trial);
  const key = `${trial.kernel} ${trial.name}`;
  const base = shipped.get(key) ?? (await followTrial(gpu, trial, LIMIT));
  shipped.set(key, base);
  const complaint = base.givenUp ?? base.races[0]?.message ?? (base.ok ? null : 'it gets other numbers');
  if (complaint !== null) return unknown(`the detector cannot follow the shipped kernel: ${complaint}`);

  const limit = Math.max(LIMIT, LONGER * base.milliseconds);
  const substitute = edited.substitute({ followed: true });
  const found = await followTrial(gpu, { ...trial, substitute }, limit);
  if (found.races.length > 0 && !found.late) {
    return { outcome: { state: 'found', shape }, endless: null, problems: problemsOf(found) };
  }
  if (found.late) {
    const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
    const endless = `At ${shape} the race detector follows the shipped kernel in ${seconds(base.milliseconds)}, and this one did not end in ${seconds(limit)}: a loop may never end, so it was not given to the GPU.`;
    return { ...unknown('it did not come to its end'), endless };
  }
  if (found.givenUp !== null) return unknown(`the detector cannot follow this text: ${found.givenUp}`);
  return { outcome: { state: 'none', shape }, endless: null, problems: [] };
}

/** Each pair of lines once. */
function problemsOf({ races }: Followed): EditProblem[] {
  const seen = new Map<string, EditProblem>();
  for (const { message, lines } of races) {
    const key = lines.length > 0 ? [...lines].sort().join() : message;
    const line = lines[0] ?? 0;
    if (!seen.has(key)) seen.set(key, { kind: 'error', line, column: 0, length: 0, message });
  }
  return [...seen.values()].slice(0, MOST_PROBLEMS);
}

/** `rung 3, …: 20×20×20, R = 1` by its shape. */
export function shapeOf({ name }: Trial): string {
  return name.replace(/^(MLP step )?rung .*?: /, '').replace(/, R = 1$/, '');
}
