import { useRef, useState } from 'preact/hooks';
import { AdapterBanner } from '../adapterBanner.tsx';
import { SiteHeader } from '../siteHeader.tsx';
import { useSession } from '../useSession.ts';
import type { LabSession } from './labSession.ts';
import { Results } from './results.tsx';
import { RunBar } from './runBar.tsx';
import { defaultSettings, type Field, parseSettings, type Settings } from './settings.ts';
import { SettingsForm } from './settingsForm.tsx';

/** The page: settings on one side, the run and its curves on the other. */
export function LabApp({ session }: { session: LabSession }) {
  const version = useSession(session);
  const [settings, setSettings] = useState<Settings>(defaultSettings);
  const [errors, setErrors] = useState<Partial<Record<Field, string>>>({});
  const panel = useRef<HTMLDetailsElement>(null);

  const start = () => {
    const parsed = parseSettings(settings);
    setErrors(parsed.errors ?? {});
    if (!parsed.run) {
      const first = Object.keys(parsed.errors)[0];
      if (panel.current) panel.current.open = true;
      document.getElementById(`setting-${first}`)?.focus();
      return;
    }
    // On a narrow screen the curves are below the settings.
    if (panel.current && matchMedia('(max-width: 60rem)').matches) panel.current.open = false;
    void session.start(parsed.run);
  };

  return (
    <>
      <SiteHeader current="Lab" tagline="gradient noise, live" session={session} />
      <main>
        <AdapterBanner session={session} />
        <RunBar session={session} />
        {session.error !== undefined && (
          <section class="banner problem" role="alert">
            <h2>The run ended with an error</h2>
            <p class="message">{session.error}</p>
          </section>
        )}
        <div class="columns">
          <details class="settings" open ref={panel}>
            <summary>
              <h2 class="settings-title">Settings</h2>
            </summary>
            <SettingsForm
              settings={settings}
              errors={errors}
              disabled={session.state !== 'idle'}
              onChange={(field, value) => {
                setSettings((before) => ({ ...before, [field]: value }));
                setErrors(({ [field]: _, ...others }) => others);
              }}
              onSubmit={start}
            />
          </details>
          <Results recording={session.recording} version={version} />
        </div>
      </main>
    </>
  );
}
