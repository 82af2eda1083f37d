import { TASK_PARTS, type TaskPart } from '../../bench/task/taskProgram.ts';
import { aligned } from './aligned.ts';
import { onAdapter } from './onAdapter.ts';
import type { Spread } from './spread.ts';
import type { TaskBatch, TaskRun, TaskTiming } from './timeTask.ts';

const NAMES: Readonly<Record<string, string>> = { basin: 'Basin', jaxJs: 'jax-js', tfjs: 'TensorFlow.js' };
const PARTS: Readonly<Record<TaskPart, string>> = {
  gradient: 'gradient',
  hessianProduct: 'H·v',
  variance: 'diag Σ, tr Σ',
};

/** One runtime's results for people: a column a library. */
export function taskText(run: TaskRun): string {
  const text = run.batches.map((batch) => batchText(batch, run.lines));
  return [
    onAdapter(run),
    'gradient, Hessian product and per-example variance of a 784-128-10 perceptron',
    ...text,
    'first: load, take a device, upload, compile, until all numbers are in host memory, a fresh browser or process each; then: again;',
    'medians, least and largest; MB: bytes of GPU buffers that are not destroyed',
  ].join('\n');
}

function batchText({ batch, timings }: TaskBatch, lines: TaskRun['lines']): string {
  const row = (name: string, cell: (timing: TaskTiming) => string): string[] => [name, ...timings.map(cell)];
  const rows = [
    row(`B = ${batch}`, ({ key }) => NAMES[key] ?? key),
    row('lines', ({ key }) => `${lines[key]}`),
    row('first, ms', ({ first }) => times(first)),
    row('then, ms', ({ time }) => times(time)),
    ...TASK_PARTS.map((part) =>
      row(`  ${PARTS[part]}`, ({ parts: { [part]: of } }) =>
        of.failed !== undefined ? 'failed' : of.wrong ? `WRONG ${times(of.time)}` : times(of.time),
      ),
    ),
    row('peak MB', ({ peakBytes }) => megabytes(peakBytes)),
    row('peak MB, again', ({ roundPeakBytes }) => megabytes(roundPeakBytes)),
    row('MB held', ({ heldBytes }) => megabytes(heldBytes)),
    row('MB after close', ({ leftBytes }) => megabytes(leftBytes)),
    row('heap MB', ({ heapBytes }) => megabytes(heapBytes)),
    ...TASK_PARTS.map((part) =>
      row(`error of ${PARTS[part]}`, ({ parts: { [part]: of } }) => of.error?.toExponential(1) ?? ''),
    ),
  ];
  const failures = timings.flatMap(({ key, failed, parts }) => [
    ...(failed === undefined ? [] : [`${NAMES[key] ?? key}: failed: ${failed}`]),
    ...TASK_PARTS.flatMap((part) =>
      parts[part].failed === undefined ? [] : [`${NAMES[key] ?? key}, ${PARTS[part]}: ${parts[part].failed}`],
    ),
  ]);
  return ['', ...aligned(rows, 1), ...failures, ''].join('\n');
}

function times(found: Spread | undefined): string {
  if (!found) return '';
  const digits = (value: number) => value.toFixed(value < 100 ? 1 : 0);
  return `${digits(found.median)} (${digits(found.min)}..${digits(found.max)})`;
}

const megabytes = (bytes: number | undefined): string =>
  bytes === undefined ? '' : (bytes / 1e6).toFixed(1);
