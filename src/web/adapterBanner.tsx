import { adapterName } from '../present/adapterName.ts';
import type { WorkerSession } from './workerSession.ts';

/** What a page knows of its adapter. */
type AdapterState = Pick<WorkerSession, 'adapter' | 'adapterError' | 'findAdapter'>;

/** What the page computes on, in one line. */
export function AdapterLine({ session }: { session: AdapterState }) {
  const { adapter, adapterError } = session;
  if (adapterError !== undefined) return <p class="adapter">no WebGPU adapter</p>;
  if (!adapter) return <p class="adapter">looking for an adapter …</p>;
  return (
    <p class="adapter" data-software={adapter.software}>
      <span class="dot" aria-hidden="true" />
      {adapterName(adapter)}
      <span class="kind">{adapter.software ? 'software (CPU)' : 'GPU'}</span>
    </p>
  );
}

/** Says prominently what a reader of the numbers must know: no adapter, or none that is a GPU. Its place is kept, so that nothing moves then. */
export function AdapterBanner({ session }: { session: AdapterState }) {
  const { adapter, adapterError } = session;
  return (
    <div class="adapter-note">
      {adapterError !== undefined && <NoAdapter error={adapterError} onAgain={() => session.findAdapter()} />}
      {adapter?.software && (
        <p class="banner warning">
          <strong>Software adapter:</strong> correct, but its speed is not a GPU’s.
        </p>
      )}
    </div>
  );
}

function NoAdapter({ error, onAgain }: { error: string; onAgain(): void }) {
  const [found, ...cures] = error.split('\n');
  return (
    <section class="banner problem" role="alert">
      <details>
        <summary>
          <strong>{found}</strong> Basin computes on WebGPU: <span class="link">what to do</span>
        </summary>
        <ul>
          {cures.map((cure) => (
            <li key={cure}>{cure}</li>
          ))}
        </ul>
        <button type="button" onClick={onAgain}>
          Try again
        </button>
      </details>
    </section>
  );
}
