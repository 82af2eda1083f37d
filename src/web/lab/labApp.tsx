import { useEffect, useRef, useState } from 'preact/hooks';
import { InputError } from '../../host/inputError.ts';
import type { TrainSpec } from '../../jobs/trainSpec.ts';
import { AdapterBanner } from '../adapterBanner.tsx';
import type { GivenFile } from '../files/givenFile.ts';
import { branchRun } from '../runs/branchRun.ts';
import type { RunStore } from '../runs/runStore.ts';
import { SiteHeader } from '../siteHeader.tsx';
import { changeUrlState, readUrlState, useUrlState } from '../urlState.ts';
import { useDroppedFiles } from '../useDroppedFiles.ts';
import { useSession } from '../useSession.ts';
import { isText } from './isText.ts';
import { FIELDS, type Field, fieldOf, type Settings } from './labFields.ts';
import type { LabSession } from './labSession.ts';
import { settingsFromParams, settingsToParams } from './labUrl.ts';
import { parseSettings } from './parseSettings.ts';
import { Results } from './results.tsx';
import { RunBar } from './runBar.tsx';
import { SettingsForm } from './settingsForm.tsx';
import { settingsOf } from './settingsOf.ts';
import { takeFile } from './takeFiles.ts';

interface LabProps {
  session: LabSession;
  /** Settles when it is known whether runs are kept. */
  store: Promise<RunStore | undefined>;
}

/** The page: settings on one side, the run and its curves on the other. */
export function LabApp({ session, store }: LabProps) {
  useSession(session);
  const { values } = useUrlState();
  const settings = settingsFromParams(new URLSearchParams(values as Record<string, string>));
  const [errors, setErrors] = useState<Partial<Record<Field, string>>>({});
  const [problem, setProblem] = useState<string>();
  const [given, setGiven] = useState<readonly GivenFile[]>([]);
  const panel = useRef<HTMLDetailsElement>(null);
  const idle = session.state === 'idle';

  const give = (files: readonly GivenFile[]): void => {
    setGiven(files);
    session.given = Object.fromEntries(files.map(({ name, blob }) => [name, blob]));
  };

  /** Gives the page the files that a kept run was given. */
  const giveFilesOf = async (id: string): Promise<void> => {
    const kept = await store;
    const names = (await kept?.get(id))?.files ?? [];
    const blobs = await Promise.all(names.map((name) => kept!.file(id, name)));
    const there = blobs.flatMap((blob, i) => (blob ? [new File([blob], names[i]!)] : []));
    const taken = await Promise.all(there.map(takeFile));
    give(taken.flatMap((one) => (one.is === 'given' ? [one.file] : [])));
  };

  // A run that the address names is shown; one that is only in the address is another browser's.
  const shown = useRef<string | undefined>(undefined);
  useEffect(() => {
    const { run } = values;
    if (run === undefined || run === shown.current || session.record?.id === run || !idle) return;
    shown.current = run;
    void (async () => {
      await giveFilesOf(run);
      if (!(await session.show(run))) {
        changeUrlState({ values: { run: undefined } });
        return;
      }
      // What the address says beside the run is what was typed since.
      const { values } = readUrlState();
      if (!SETTING_PARAMS.some((param) => values[param] !== undefined))
        setSettings(settingsOf(session.record!.spec));
    })().catch((error: Error) => setProblem(error.message));
  }, [values.run, idle]);

  // Settings of another run, with what it was given.
  useEffect(() => {
    const { from } = values;
    if (from === undefined) return;
    changeUrlState({ values: { from: undefined } });
    void giveFilesOf(from).catch((error: Error) => setProblem(error.message));
  }, [values.from]);

  const take = async (files: readonly File[]): Promise<void> => {
    setProblem(undefined);
    try {
      const taken = await Promise.all(files.map(takeFile));
      const names = new Set(files.map(({ name }) => name));
      const fresh = taken.flatMap((one) => (one.is === 'given' ? [one.file] : []));
      give([...given.filter(({ name }) => !names.has(name)), ...fresh]);
      const asked = taken.find((one) => one.is === 'settings');
      setSettings({ ...(asked ? settingsOf(asked.spec) : settings), ...namesOf(fresh) });
      const run = taken.find((one) => one.is === 'run');
      if (run) {
        const kept = await store;
        if (!kept) throw new Error(session.storeProblem);
        const { importRun } = await import('../runs/importRun.ts');
        const id = await importRun(kept, run.file);
        openRun(id);
      }
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  useDroppedFiles((files) => {
    if (idle) void take(files);
  });

  const branch = async (): Promise<void> => {
    const kept = await store;
    const { record } = session;
    if (!kept || !record) return;
    try {
      const id = await branchRun(kept, record.id);
      if (session.state === 'idle') openRun(id);
      else window.open(`${location.pathname}#run=${id}`, '_blank');
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

  const refuse = (found: Partial<Record<Field, string>>): void => {
    setErrors(found);
    if (panel.current) panel.current.open = true;
    const [first] = Object.keys(found);
    // Once its fold is open.
    setTimeout(() => document.getElementById(`setting-${first}`)?.focus());
  };

  const start = async (): Promise<void> => {
    setErrors({});
    setProblem(undefined);
    const parsed = parseSettings(settings);
    if (!parsed.spec) return refuse(parsed.errors);
    const wrong = await refusal(parsed.spec);
    if (wrong) return refuse(wrong);
    // On a narrow screen the curves are below the settings.
    if (panel.current && matchMedia('(max-width: 60rem)').matches) panel.current.open = false;
    // Whether it is kept must be known before it tells anything.
    await store;
    await session.start(parsed.spec);
  };

  const unkept = session.keepProblem;
  // What is kept in this tab alone is gone with it.
  useEffect(() => {
    if (unkept === undefined || idle) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [unkept, idle]);

  return (
    <>
      <SiteHeader current="Lab" tagline="gradient noise, live" session={session} />
      <main>
        <AdapterBanner session={session} />
        <RunBar session={session} onBranch={() => void branch()} />
        {unkept !== undefined && (
          <section class="banner warning" role="alert">
            <p class="message">{unkept}</p>
          </section>
        )}
        {problem !== undefined && (
          <section class="banner problem" role="alert">
            <h2>This was refused</h2>
            <p class="message">{problem}</p>
          </section>
        )}
        {session.error !== undefined && (
          <section class="banner problem" role="alert">
            <h2>The run ended with an error</h2>
            <p class="message">{session.error}</p>
          </section>
        )}
        {session.recording && session.recording.notes.length > 0 && (
          <ul class="banner warning notes" aria-label="Notes on the run">
            {session.recording.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
        <div class="columns">
          <details class="settings" open ref={panel}>
            <summary>
              <h2 class="settings-title">Settings</h2>
            </summary>
            <SettingsForm
              form={{
                settings,
                errors,
                onChange: (field, value) => {
                  setSettings({ ...settings, [field]: value });
                  setErrors(({ [field]: _, ...others }) => others);
                },
              }}
              disabled={!idle}
              given={given}
              onFiles={(files) => void take(files)}
              onRemove={(name) => give(given.filter((file) => file.name !== name))}
              onSubmit={() => void start()}
            />
          </details>
          <Results recording={session.recording} name={session.record?.name} />
        </div>
      </main>
    </>
  );
}

/** What of the address is of the settings. */
const SETTING_PARAMS = [...Object.values(FIELDS).map(({ param }) => param), 'epochs', 'steps'];

/** Another run, with its own settings. */
function openRun(id: string): void {
  const none = Object.fromEntries(SETTING_PARAMS.map((param) => [param, undefined]));
  changeUrlState({ values: { ...none, run: id } }, 'push');
}

/** Puts settings into the address, in the place of those that are there; what else it says stays. */
function setSettings(settings: Settings): void {
  const none = Object.fromEntries(SETTING_PARAMS.map((param) => [param, undefined]));
  const { run, x } = readUrlState().values;
  const own = { run, x };
  changeUrlState({ values: { ...none, ...Object.fromEntries(settingsToParams(settings)), ...own } });
}

/** What a small Transformer learns a text by: the form's own settings are those for images. */
const TEXT_SETTINGS = {
  model: '',
  optimizer: 'adamw',
  lr: '0.003',
  momentum: '0',
  weightDecay: '0.01',
  batchSize: '16',
  length: '2000',
  lengthUnit: 'steps',
  evaluateEvery: '200',
} as const satisfies Partial<Settings>;

/** What of the settings names files that were just given: a model, its weights, data. */
function namesOf(files: readonly GivenFile[]): Partial<Settings> {
  const named: Partial<Record<Field, string>> = {};
  for (const file of files) {
    if (file.is === 'model') named.model = file.name;
    else if (file.is === 'weights') {
      named.weights = file.name;
      named.weightsPrefix = file.weights[0]?.prefix ?? '';
    } else if (file.is === 'data' && isText(file.name))
      Object.assign(named, TEXT_SETTINGS, { data: file.name });
    else if (file.is === 'data' && !/labels/.test(file.name)) named.data = file.name;
  }
  return named;
}

/** What the job would say of a train.json, beside the field that it is about. */
async function refusal(spec: TrainSpec): Promise<Partial<Record<Field, string>> | null> {
  const { parseTrainSpec } = await import('../../jobs/trainSpec.ts');
  try {
    parseTrainSpec(spec);
    return null;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { [fieldOf(error.item)]: `${error.item} ${error.reason}` };
  }
}
