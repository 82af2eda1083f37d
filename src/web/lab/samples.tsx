import type { Recording } from './recording.ts';

/** What the models went on with, the newest first: one text of each curve, its first replica's. */
export function Samples({ recording }: { readonly recording: Recording }) {
  const { samples, groups } = recording;
  const steps = [...new Set(samples.map(({ step }) => step))].reverse();
  const [newest, ...earlier] = steps.map((step) => (
    <section key={step} class="sample">
      <h3>
        The model goes on, step {step}
        {groups.length > 1 && ', the first seed of each curve'}
      </h3>
      {groups.map((group) => {
        const found = samples.find((one) => one.step === step && one.replica === group.replicas[0]);
        return (
          found && (
            <div key={group.label}>
              {groups.length > 1 && <p class="hint">{recording.label(group)}</p>}
              <pre>{found.text}</pre>
            </div>
          )
        );
      })}
    </section>
  ));
  return (
    <div class="samples">
      {newest}
      {earlier.length > 0 && (
        <details>
          <summary>Earlier texts</summary>
          {earlier}
        </details>
      )}
    </div>
  );
}
