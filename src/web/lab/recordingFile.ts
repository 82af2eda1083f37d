import type { Reading } from '../../jobs/job.ts';
import type { Recording } from './recording.ts';

/** By which a file of a recording is known. */
export const RECORDING_FORMAT = 'basin recording 1';

/** A run with all its readings, which the page opens again. */
export function recordingJson(recording: Recording, name?: string): string {
  const { started, spec, adapter, planned, notes, changes, readings, evaluations, samples, seconds, result } =
    recording;
  const replicas = recording.replicas.map((label, replica) => ({
    label,
    diverged: recording.diverged.get(replica),
  }));
  const whole = { format: RECORDING_FORMAT, name, started, spec, adapter, planned, replicas, notes, changes };
  return `${JSON.stringify({ ...whole, readings, evaluations, samples, seconds, result }, null, 1)}\n`;
}

const KEYS = [
  'replica',
  'step',
  'batchSize',
  'learningRate',
  'temperature',
  'loss',
  'gradNormSq',
  'gradNormSqUnbiased',
  'gradNormSqOfTrainingSet',
  'traceCovariance',
  'bSimple',
  'bSimpleStderr',
  'bSimpleResolved',
] as const satisfies (keyof Reading)[];

/** One line for each reading; an empty cell where nothing was read, `Infinity` for an open end. RFC 4180. */
export function recordingCsv({ readings, evaluations }: Pick<Recording, 'readings' | 'evaluations'>): string {
  const tests = new Map(
    evaluations
      .filter(({ split, weights }) => split === 'test' && weights === 'last')
      .map((evaluation) => [`${evaluation.replica} ${evaluation.step}`, evaluation]),
  );
  // Of each instrument the numbers that it tells, in the order in which they first come.
  const told = new Set(
    readings.flatMap(({ instruments = {} }) =>
      Object.entries(instruments).flatMap(([type, numbers]) =>
        Object.entries(numbers).flatMap(([key, value]) =>
          typeof value === 'number' || value === null ? [`${type}.${key}`] : [],
        ),
      ),
    ),
  );
  const lines = readings.map((reading) => {
    const test = tests.get(`${reading.replica} ${reading.step}`);
    const ends = reading.bSimpleInterval?.map((end) => end ?? Number.POSITIVE_INFINITY) ?? ['', ''];
    const tested = [test?.loss ?? '', test?.accuracy ?? ''];
    const others = [...told].map((name) => {
      const [type, key] = name.split(/\.(.*)/s) as [string, string];
      return reading.instruments?.[type]?.[key] ?? '';
    });
    return [...KEYS.map((key) => reading[key] ?? ''), ...ends, ...tested, ...others].join(',');
  });
  const head = [...KEYS, 'bSimpleLow', 'bSimpleHigh', 'testLoss', 'testAccuracy', ...told];
  return `${[head.join(','), ...lines].join('\r\n')}\r\n`;
}
