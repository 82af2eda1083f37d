import { formatNumber } from '../../../present/formatNumber.ts';
import { ScrollRegion } from '../../scrollRegion.tsx';
import { NumberHead } from '../numberHead.tsx';
import type { KeptKernel, KeptKernels } from './keptKernels.ts';

interface KeptListProps {
  kept: KeptKernels;
  onOpen(kernel: KeptKernel): void;
}

/** Kernels that were kept in this browser. */
export function KeptList({ kept, onOpen }: KeptListProps) {
  const { list, problem } = kept;
  return (
    <section class="kept card" aria-labelledby="kept-title">
      <h3 id="kept-title">Kept in this browser</h3>
      {problem !== undefined && (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      {list.length === 0 ? (
        <p class="hint">
          Nothing yet. A text that is right can be kept; of a ladder it is then one version more there.
        </p>
      ) : (
        <ScrollRegion label="Kept kernels" look="">
          <table class="versions">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">In the place of</th>
                <NumberHead>ms</NumberHead>
                <NumberHead>of the shipped time</NumberHead>
                <th scope="col">Measured</th>
                <th scope="col">
                  <span class="visually-hidden">What to do</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {[...list].reverse().map((kernel) => (
                <tr key={kernel.id} data-kept={kernel.name}>
                  <th scope="row">{kernel.name}</th>
                  <td>
                    {kernel.kernel} in {kernel.row}
                  </td>
                  <td class="number">{formatNumber(kernel.measured.time?.median, 3)}</td>
                  <td class="number">{kernel.ratio?.value.toFixed(3)}</td>
                  <td>
                    {kernel.measured.shape} on {kernel.adapter}, {kernel.date.slice(0, 10)}
                  </td>
                  <td class="kept-buttons">
                    <button type="button" aria-label={`Open ${kernel.name}`} onClick={() => onOpen(kernel)}>
                      Open
                    </button>
                    <button
                      type="button"
                      aria-label={`Delete ${kernel.name}`}
                      onClick={() => kept.forget(kernel.id)}
                    >
                      Delete
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </section>
  );
}
