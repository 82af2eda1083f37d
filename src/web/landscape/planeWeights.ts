import { readSafetensors, writeSafetensors } from '../../data/safetensors.ts';
import { finiteFloat32, type HostTensor } from '../../host/hostTensor.ts';
import type { PlaneResult } from '../../measure/landscape/landscapeResult.ts';

/** A place on a plane, in units of θ. */
export type Place = readonly [x: number, y: number];

type Tensors = ReadonlyMap<string, HostTensor>;

/** Three files of weights, by their names and the prefixes of their tensors. */
export type Corners = readonly {
  readonly file: string;
  readonly prefix: string;
  readonly bytes: Uint8Array;
}[];

/** What of a state dict is no parameter. */
const BUFFER = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

/**
 * Weights at places of the plane through three, as safetensors: w1 + xû + yv̂ = w1 + a(w2 − w1) + b(w3 − w1), in float64 and then rounded. What is no
 * parameter is the first's, as the plane has it.
 * @throws InputError for a tensor that is no number
 */
export function weightsAt(
  corners: Corners,
  { marks }: Pick<PlaneResult, 'marks'>,
  places: readonly Place[],
): Uint8Array[] {
  const [w1, w2, w3] = corners.map(({ file, prefix, bytes }) => parametersOf(file, prefix, bytes)) as [
    Tensors,
    Tensors,
    Tensors,
  ];
  const [second, third] = [marks['2']!, marks['3']!];
  return places.map(([x, y]) => {
    const b = y / third.y;
    const a = (x - b * third.x) / second.x;
    const mixed = new Map<string, HostTensor>();
    for (const [name, first] of w1) {
      const [of2, of3] = [w2.get(name), w3.get(name)];
      if (!of2 || !of3) continue;
      mixed.set(name, BUFFER.test(name) ? first : mix(name, [first, of2, of3], a, b));
    }
    return writeSafetensors(mixed);
  });
}

function mix(
  name: string,
  tensors: readonly [HostTensor, HostTensor, HostTensor],
  a: number,
  b: number,
): HostTensor {
  const [w1, w2, w3] = tensors.map((tensor, i) => finiteFloat32(`w${i + 1}`, name, tensor));
  const data = w1!.map((first, i) => first + a * (w2![i]! - first) + b * (w3![i]! - first));
  return { dtype: 'F32', shape: tensors[0].shape, data };
}

/** Tensors under a prefix, by the names without it. */
function parametersOf(file: string, prefix: string, bytes: Uint8Array): Tensors {
  return new Map(
    [...readSafetensors(file, bytes)].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
    ),
  );
}
