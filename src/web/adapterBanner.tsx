import type { AdapterInfo } from '../gpu/device.ts';
import type { WorkerSession } from './workerSession.ts';

/** What a page knows of its adapter. */
type AdapterState = Pick<WorkerSession, 'adapter' | 'adapterError' | 'findAdapter'>;

/** The adapter's name as its driver gives it. */
export function adapterName({ vendor, architecture, device, description }: AdapterInfo): string {
  return [vendor, architecture, description || device].filter((part) => part !== '').join(' ') || 'unnamed';
}

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
  if (!adapter?.software) return null;
  return (
    <section class="banner warning" aria-label="Software adapter">
      <p>
        <strong>Software adapter:</strong> correct, but its speed is not a GPU’s. {adapterName(adapter)}{' '}
        computes on the CPU.
      </p>
    </section>
  );
}
