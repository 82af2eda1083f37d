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

/** Says prominently what a reader of the numbers must know: no adapter, or none that is a GPU. */
export function AdapterBanner({ session }: { session: AdapterState }) {
  const { adapter, adapterError } = session;
  if (adapterError !== undefined) {
    const [found, ...cures] = adapterError.split('\n');
    return (
      <section class="banner problem" role="alert">
        <h2>{found}</h2>
        <p>Basin computes on WebGPU. What to do:</p>
        <ul>
          {cures.map((cure) => (
            <li key={cure}>{cure}</li>
          ))}
        </ul>
        <button type="button" onClick={() => void session.findAdapter()}>
          Try again
        </button>
      </section>
    );
  }
  // Its place is kept, so that nothing moves when the adapter is known.
  return (
    <div class="adapter-note">
      {adapter?.software && (
        <p class="banner warning">
          <strong>Software adapter:</strong> correct, but its speed is not a GPU’s.
        </p>
      )}
    </div>
  );
}
