import { useRef, useState } from 'preact/hooks';
import { AdapterBanner, AdapterLine } from './adapterBanner.tsx';
import { Results } from './results.tsx';
import { RunBar } from './runBar.tsx';
import type { Session } from './session.ts';
import { defaultSettings, type Field, parseSettings, type Settings } from './settings.ts';
import { SettingsForm } from './settingsForm.tsx';
import { SiteNav } from './siteNav.tsx';
import { useSession } from './useSession.ts';

/** The page: settings on one side, the run and its curves on the other. */
export function App({ session }: { session: Session }) {
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
      <header>
        <h1>Basin</h1>
        <SiteNav current="Lab" />
        <p class="tagline">gradient noise, live</p>
        <AdapterLine session={session} />
      </header>
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
