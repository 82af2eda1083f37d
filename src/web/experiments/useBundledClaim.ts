import { claims } from 'virtual:claimResults';
import { useEffect, useState } from 'preact/hooks';
import { type BundledClaim, bundledClaim } from '../../experiments/reproduction/bundledClaim.ts';

/** A claim's result of the run that came with the page: undefined until it is loaded, null where there is none. */
export function useBundledClaim(id: string): BundledClaim | null | undefined {
  const load = Object.hasOwn(claims, id) ? claims[id] : undefined;
  const [loaded, setLoaded] = useState<BundledClaim | null>();
  useEffect(() => {
    let asked = true;
    load?.().then(
      ({ claim, drawn }) => asked && setLoaded(bundledClaim(claim, drawn)),
      () => asked && setLoaded(null),
    );
    return () => {
      asked = false;
    };
  }, [load]);
  return load ? loaded : null;
}
