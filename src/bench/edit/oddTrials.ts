import type { Gpu } from '../../gpu/device.ts';
import { knobLiterals } from '../../gpu/specialise.ts';
import { trialsFor } from '../../selftest/runTrial.ts';
import type { Trial } from '../../selftest/trial.ts';
import { engineTrials } from '../../selftest/trials.ts';
import type { KernelCase } from '../kernelCases.ts';
import { ladderTrials } from '../ladder/ladderCases.ts';
import { planOf } from './editTarget.ts';
import type { EditTarget } from './kernelEditReport.ts';

/** So many shapes are looked for, and so many of them checked. */
const LOOKED_FOR = 10;
const CHECKED = 5;

/**
 * Shapes of the self-test at which this adapter runs a kernel: with edges where tiles, workgroups and vectors end raggedly, some for three replicas. Those with
 * the row's own knobs come first.
 */
export async function oddTrials(
  gpu: Gpu,
  of: KernelCase,
  { kernel, knobs }: Pick<EditTarget, 'kernel' | 'knobs'>,
): Promise<readonly Trial[]> {
  const found: { trial: Trial; same: boolean }[] = [];
  for (const trial of trialsFor(gpu, candidates(of, kernel))) {
    if (found.length === LOOKED_FOR) break;
    const dispatch = (await planOf(gpu, trial)).find((each) => each.kernel === kernel);
    if (!dispatch) continue;
    const [own, row] = [dispatch.knobs, knobs].map((each) =>
      [...knobLiterals(dispatch.source, each).values()].join(' '),
    );
    found.push({ trial, same: own === row });
  }
  const trials = [...found.filter(({ same }) => same), ...found.filter(({ same }) => !same)];
  return trials.slice(0, CHECKED).map(({ trial }) => trial);
}

/** Trials that may run the kernel: of its rung, or of the engine. */
function candidates({ ladder }: KernelCase, kernel: string): readonly Trial[] {
  if (ladder) {
    const rung = new RegExp(`(^| )rung ${ladder.number}, `);
    return ladderTrials().filter(({ name }) => rung.test(name) && name.includes(ladder.title));
  }
  return Object.values(engineTrials)
    .flatMap((make) => make())
    .filter((trial) => [trial.kernel].flat().some((path) => kernel.startsWith(path)))
    .map((trial) => ({ ...trial, everyVariant: false }));
}
