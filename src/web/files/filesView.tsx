import { download } from '../download.ts';
import type { JobForm } from '../fields/useJobForm.ts';
import type { FilesSession } from './filesSession.ts';
import type { GivenFile } from './givenFile.ts';
import { KeptRuns } from './keptRuns.tsx';
import { ModelProposal } from './modelProposal.tsx';

/** The files that the page has, how it comes to them, and what each is for. */
export function FilesView({ session, form }: { session: FilesSession; form: JobForm }) {
  const running = session.state !== 'idle';
  const problem = form.errors.files;
  return (
    <fieldset class="files-given" disabled={running}>
      <legend>Files</legend>
      <div class="field">
        <label for="setting-files">model.json, weights and data</label>
        <input
          id="setting-files"
          type="file"
          multiple
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? 'hint-files' : 'error-files'}
          onChange={({ currentTarget }) => {
            form.take([...(currentTarget.files ?? [])]);
            // The same files may be chosen again.
            currentTarget.value = '';
          }}
        />
        {problem === undefined ? (
          <p class="hint" id="hint-files">
            Or drop them anywhere on the page. Nothing leaves this machine.
          </p>
        ) : (
          <p class="error" id="error-files">
            {problem}
          </p>
        )}
      </div>
      <KeptRuns session={session} />
      {session.given.length > 0 && (
        <ul class="given" aria-label="Given files">
          {session.given.map((file) => (
            <li key={file.name}>
              <span class="name">
                {file.name} <span class="hint">{purpose(file)}</span>
              </span>
              {file.made && (
                <button
                  type="button"
                  aria-label={`Save ${file.name}`}
                  onClick={() => download(file.name, 'application/octet-stream', file.blob)}
                >
                  ↓
                </button>
              )}
              <button
                type="button"
                aria-label={`Remove ${file.name}`}
                onClick={() => session.remove(file.name)}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <ModelProposal session={session} />
      <button type="button" disabled={session.adapter === undefined} onClick={form.tryExample}>
        Try an example
      </button>
    </fieldset>
  );
}

function purpose(file: GivenFile): string {
  if (file.is !== 'weights' || file.weights.length === 1) return file.is;
  return `${file.weights.length} sets of weights`;
}
