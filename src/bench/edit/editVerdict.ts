import type { PreparedTrial, TrialCheck } from '../../selftest/runTrial.ts';
import { digits } from '../kernelsTable.ts';
import type { EditProblem, EditRatio } from './kernelEditReport.ts';
import type { TimedVersions } from './timeVersions.ts';

/** What is said of a text that is no kernel that the row could run. */
export function refusedText(problems: readonly EditProblem[]): string {
  const errors = problems.filter(({ kind }) => kind === 'error');
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const where = first!.line > 0 ? `line ${first!.line}: ` : '';
  return `It cannot run: ${where}${first!.message.split('\n')[0]}${more}`;
}

/** Where numbers are wrong, and by how much. */
export function wrongText(
  { deterministic, worst }: TrialCheck,
  { compared }: Pick<PreparedTrial, 'compared'>,
): string {
  const { ratio, found, expected, error, tolerance, wrong, compared: elements, replica, result, at } = worst;
  if (ratio <= 1 && !deterministic) return 'two runs of the same operands differ in bits.';
  const state = compared[result]!;
  const name = compared.length > 1 ? state.label : 'the result';
  const place = `${name}${indices(at, state.shape)}${state.replicas > 1 ? ` of replica ${replica}` : ''}`;
  const unwritten = found < -1e30 ? ', which stands for an element that nothing wrote' : '';
  const off = Number.isFinite(error) ? `off by ${digits(error)}` : 'not a number';
  const allowed = tolerance === 0 ? 'none is allowed' : `allowed are ${tolerance.toExponential(1)}`;
  const bits = deterministic ? '' : ' Two runs of the same operands differ in bits.';
  return `${place} is ${short(found)}${unwritten}, expected ${short(expected)}: ${off}, ${allowed}; ${wrong} of ${elements} elements are wrong.${bits}`;
}

/** `[3, 17]` for the element in row-major order; nothing for a scalar. */
export function indices(at: number, shape: readonly number[]): string {
  if (shape.length === 0) return '';
  const found: number[] = [];
  let left = at;
  for (const extent of [...shape].reverse()) {
    found.unshift(left % extent);
    left = Math.floor(left / extent);
  }
  return `[${found.join(', ')}]`;
}

function short(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? `${value}` : value.toPrecision(6);
}

/** How its time compares. */
export function timedText({ ratios }: Pick<TimedVersions, 'ratios'>, shape: string): string {
  const { shipped, last } = ratios;
  const parts = [
    shipped && `${compared(shipped)} the shipped kernel`,
    last && `${compared(last)} your last version`,
  ].filter((part) => part !== undefined);
  return parts.length > 0 ? `Right, and at ${shape} ${parts.join('; ')}.` : `Right at ${shape}.`;
}

/** `1.42 times as fast as`, in words that say how sure that is. */
function compared({ value, spread, within }: EditRatio): string {
  if (within) return `as fast as, within the spread (${value.toFixed(2)} ± ${digits(spread)} of its time),`;
  const figures = `${value.toPrecision(3)} ± ${spread.toPrecision(2)} of the time of`;
  return `${value < 1 ? 'FASTER' : 'SLOWER'}: ${figures}`;
}
