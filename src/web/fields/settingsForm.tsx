import type { ComponentChildren } from 'preact';
import type { JobForm } from './useJobForm.ts';

/** What a job is asked for; the run bar's button submits it. */
export function SettingsForm({ form, children }: { form: JobForm; children: ComponentChildren }) {
  return (
    <form
      id="settings"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        form.submit();
      }}
    >
      {children}
    </form>
  );
}
