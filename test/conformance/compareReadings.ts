import { compareExactly, compareNumber, type Deviation, tolerances } from './deviation.ts';

type Reading = Readonly<Record<string, unknown>> & { readonly step: number };
type Readings = Readonly<Record<string, readonly Reading[]>>;

/** Standard errors that an estimate by probes may be from the exact value. */
const DEVIATIONS = 4.5;

/** What a run's instruments told, against the expected readings: at which steps, and what of each. */
export function compareReadings(prefix: string, found: unknown, wanted: Readings): Deviation[] {
  const all = (found ?? {}) as Readings;
  return Object.entries(wanted).flatMap(([type, readings]) => {
    const key = `${prefix}readings.${type}`;
    const own = all[type] ?? [];
    return [
      compareExactly(
        `${key}.steps`,
        own.map(({ step }) => step),
        readings.map(({ step }) => step),
      ),
      ...readings.flatMap((reading, i) =>
        compareReading(type, `${key}.${i}`, own[i] ?? { step: 0 }, reading),
      ),
    ];
  });
}

function compareReading(type: string, key: string, found: Reading, wanted: Reading): Deviation[] {
  const number = (name: string) => wanted[name] as number;
  if (type === 'eigenvalue') return compareEigenvalue(key, found, wanted.values as number[]);
  if (type === 'keskar') {
    const least = number('phiOfCorner');
    return [
      compareNumber(
        `${key}.phiFirstOrder`,
        found.phiFirstOrder,
        number('phiFirstOrder'),
        tolerances.trajectory,
      ),
      {
        key: `${key}.phi`,
        ratio: below(found.phi, least) / (tolerances.trajectory * least),
        detail: `${found.phi}, expected at least ${least}`,
      },
    ];
  }
  if (type === 'hessian_noise') {
    const probes = Number(found.bNoiseProbeStderr);
    return [
      compareNumber(`${key}.epsMax`, found.epsMax, number('epsMax'), tolerances.trajectory),
      compareNumber(`${key}.bNoise`, found.bNoise, number('bNoise'), tolerances.bNoise, DEVIATIONS * probes),
    ];
  }
  const { step: _, ...values } = wanted;
  return Object.entries(values).map(([name, value]) =>
    compareNumber(`${key}.${name}`, found[name], value as number | null, tolerances.trajectory, 1e-6),
  );
}

/** An eigenvalue is found within its residual of one, and not beyond the outermost, which is the first. */
function compareEigenvalue(key: string, found: Reading, values: readonly number[]): Deviation[] {
  const value = Number(found.value);
  const residual = Number(found.residual);
  const most = Math.max(...values.map(Math.abs));
  const nearest = Math.min(...values.map((one) => Math.abs(one - value)));
  const rounding = tolerances.trajectory * most;
  const beyond = Math.sign(values[0]! - values.at(-1)!) * (value - values[0]!);
  return [
    {
      key: `${key}.value`,
      ratio: nearest / (residual + rounding),
      detail: `${value} ± ${residual}, expected ${values[0]}`,
    },
    { key: `${key}.beyond`, ratio: Math.max(0, beyond) / rounding, detail: `${value}, beyond ${values[0]}` },
    // Nine steps of Lanczos from a random start are near the outermost of so few.
    { key: `${key}.outermost`, ratio: -beyond / (0.1 * most), detail: `${value}, expected ${values[0]}` },
  ].map((one) => ({ ...one, ratio: Number.isNaN(one.ratio) ? Infinity : Math.max(0, one.ratio) }));
}

function below(value: unknown, least: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, least - value) : Infinity;
}
