import type { Gpu } from '../../gpu/device.ts';
import { DeviceLostError } from '../../gpu/orLost.ts';
import type { RunControl } from '../../host/runControl.ts';
import type { ResultEvent, WorkEvent } from '../../host/workEvent.ts';
import { checkTrial, prepareTrial } from '../../selftest/runTrial.ts';
import type { Trial } from '../../selftest/trial.ts';
import { benchClock } from '../benchClock.ts';
import type { KernelCase } from '../kernelCases.ts';
import { fmaProbe, measureCeilings } from '../measureCeilings.ts';
import { prepareRow } from '../prepareRow.ts';
import { compileProblems } from './compileProblems.ts';
import { detectEditRaces, shapeOf } from './detectEditRaces.ts';
import { EditedKernel } from './editedKernel.ts';
import { EditRefusal } from './editRefusal.ts';
import { caseOf, dispatchOf, planOf } from './editTarget.ts';
import { refusedText, timedText, wrongText } from './editVerdict.ts';
import type { EditCheck, EditedText, KernelEditResult, KernelEditSpec } from './kernelEditReport.ts';
import { oddTrials } from './oddTrials.ts';
import { raceTrial } from './raceTrial.ts';
import { profileVersions, type ReadyVersion, timeVersions } from './timeVersions.ts';

type Events<T = void> = AsyncGenerator<WorkEvent | ResultEvent, T, void>;

/** Fewer than six tell nothing apart. */
const ROUNDS = { quick: 7, cpu: 15, gpu: 15, large: 15 };

/**
 * What a text is worth in the place of a shipped kernel: compiled, followed by the race detector, compared with float64 at odd shapes and at the row's own,
 * then timed beside the version before it and the shipped one, in alternation. The result is a KernelEditResult, which says how far it came.
 * @throws InputError if the row or the kernel is none that runs here; DeviceLostError
 */
export async function* editKernel(gpu: Gpu, spec: KernelEditSpec, control?: RunControl): Events {
  const { row, kernel, scale, last } = spec;
  const of = caseOf(gpu, row, scale);
  const place = { row, kernel, shape: of.shape, scale };
  let result: KernelEditResult = {
    ...place,
    outcome: 'refused',
    verdict: '',
    problems: [],
    races: null,
    checks: [],
    rows: {},
    ratios: {},
    profile: [],
    ceilings: null,
    clock: null,
  };
  const end = (changes: Partial<KernelEditResult>): ResultEvent => {
    result = { ...result, ...changes };
    return { type: 'result', result, exitCode: result.outcome === 'timed' ? 0 : 1 };
  };

  yield { type: 'phase', phase: 'compiling' };
  const problems = await compileProblems(gpu, spec.text);
  result = { ...result, problems };
  if (problems.some(({ kind }) => kind === 'error')) {
    yield end({ verdict: refusedText(problems) });
    return;
  }
  const { source, knobs } = dispatchOf(await planOf(gpu, of.trial), spec);
  const madeOf = (text: EditedText): EditedKernel => new EditedKernel(source, knobs, text);
  try {
    const edited = madeOf(spec);

    yield { type: 'phase', phase: 'looking for races' };
    const odd = await oddTrials(gpu, of, { kernel, knobs });
    const races = await detectEditRaces(gpu, raceTrial(of, odd), edited);
    result = { ...result, races: races.outcome, problems: [...problems, ...races.problems] };
    if (races.endless !== null) {
      yield end({ outcome: 'endless', verdict: races.endless });
      return;
    }
    if (races.problems.length > 0) {
      yield end({ outcome: 'races', verdict: races.problems[0]!.message });
      return;
    }

    yield { type: 'phase', phase: 'checking against float64' };
    const checks: EditCheck[] = [];
    for (const [done, trial] of odd.entries()) {
      yield { type: 'progress', done, total: odd.length + 1, unit: 'shapes' };
      checks.push(await checked(gpu, trial, edited));
      result = { ...result, checks };
      const { wrong, shape } = checks.at(-1)!;
      if (wrong === null) continue;
      yield end({ outcome: 'wrong', verdict: `WRONG at ${shape}: ${wrong}` });
      return;
    }
    const before = last && isOther(last, spec) ? madeOf(last) : undefined;
    const { check, ...found } = yield* timedBeside(gpu, of, edited, before, spec, control);
    yield end({ ...found, checks: [...checks, check] });
  } catch (error) {
    if (!(error instanceof EditRefusal)) throw error;
    const { message, line } = error;
    const refusal = { kind: 'error' as const, line, column: 0, length: 0, message };
    yield end({ verdict: refusedText([refusal]), problems: [...problems, refusal] });
  }
}

async function checked(gpu: Gpu, trial: Trial, edited: EditedKernel): Promise<EditCheck> {
  const shape = shapeOf(trial);
  const prepared = await orRefused(prepareTrial(gpu, { ...trial, substitute: edited.substitute() }));
  try {
    const check = await checkTrial(gpu, prepared);
    const { error, tolerance } = check.worst;
    const wrong = check.ok ? null : wrongText(check, prepared);
    return { shape, ok: check.ok, error: Number.isFinite(error) ? error : null, tolerance, wrong };
  } finally {
    prepared.dispose();
  }
}

/** What fails while its pipeline is made: more workgroup memory than there is, say. */
async function orRefused<T>(made: Promise<T>): Promise<T> {
  try {
    return await made;
  } catch (error) {
    if (error instanceof DeviceLostError || error instanceof EditRefusal) throw error;
    throw new EditRefusal((error as Error).message);
  }
}

/** Checks the text at the row's own shape; where it is right there, times it beside the others. */
async function* timedBeside(
  gpu: Gpu,
  of: KernelCase,
  edited: EditedKernel,
  last: EditedKernel | undefined,
  spec: KernelEditSpec,
  control: RunControl | undefined,
): AsyncGenerator<WorkEvent, Outcome, void> {
  const fma = await fmaProbe(gpu);
  const clock = await benchClock(gpu, fma.program);
  fma.dispose();
  const ready: ReadyVersion[] = [];
  const prepare = async (version: ReadyVersion['version'], text?: EditedKernel) => {
    const trial = text ? { ...of.trial, substitute: text.substitute() } : of.trial;
    const made = await prepareRow(gpu, clock, { ...of, trial });
    if (made.prepared) ready.push({ version, row: made.row, prepared: made.prepared });
    return made;
  };
  try {
    const { row, checked } = await prepare('edited', edited);
    if (row.failed !== null) throw new EditRefusal(row.failed);
    const { error, tolerance } = row;
    const wrong = row.wrong && checked ? wrongText(checked.check, checked) : null;
    const check = { shape: of.shape, ok: wrong === null, error, tolerance, wrong };
    if (wrong !== null) return { outcome: 'wrong', verdict: `WRONG at ${of.shape}: ${wrong}`, check };
    if (last) await prepare('last', last);
    await prepare('shipped');
    // A B C: the shipped kernel, the version before, this one.
    ready.reverse();

    let { ceilings } = spec;
    if (!ceilings) {
      yield { type: 'phase', phase: 'measuring ceilings' };
      ceilings = await measureCeilings(gpu, clock, roundsOf(spec));
    }
    yield { type: 'phase', phase: 'timing' };
    const timed = yield* timeVersions(ready, clock, ceilings, roundsOf(spec), control);
    const shipped = ready.find(({ version }) => version === 'shipped');
    const profile = shipped ? await profileVersions(gpu, shipped.prepared, ready.at(-1)!.prepared) : [];
    const verdict = timedText(timed, of.shape);
    return { outcome: 'timed', verdict, check, ...timed, profile, ceilings, clock: clock.info };
  } finally {
    for (const { prepared } of ready) prepared.dispose();
    clock.dispose();
  }
}

/** What is found at the row's own shape. */
type Outcome = Partial<KernelEditResult> & { readonly check: EditCheck };

function isOther(a: EditedText, b: EditedText): boolean {
  return a.text !== b.text || a.grid.join() !== b.grid.join();
}

function roundsOf({ rounds, scale }: KernelEditSpec): number {
  return rounds ?? ROUNDS[scale];
}
