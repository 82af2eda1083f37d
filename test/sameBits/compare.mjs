// Two results of one job, by two builds.
import { isDeepStrictEqual } from 'node:util';

/** What tells the builds apart, or when they ran. */
const OF_THE_BUILD = ['date', 'version', 'commit'];
/** Which kernels a result names follows from what its programs compute beside it: told, and no difference. */
const TOLD = ['kernels'];

/**
 * What a result holds, by key: the items of a list are one key, so that `eigenvalues[].value` is all of them, in order.
 * Tensors are keys too, their values taken as bytes.
 */
function keysOf(result, tensors) {
  const keys = new Map();
  const visit = (value, path) => {
    if (Array.isArray(value)) {
      add(`${path} length`, value.length);
      for (const item of value) visit(item, `${path}[]`);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) visit(item, path === '' ? key : `${path}.${key}`);
    } else {
      add(path, value);
    }
  };
  const add = (path, value) => {
    if (!keys.has(path)) keys.set(path, []);
    keys.get(path).push(value);
  };
  const shown = Object.entries(result).filter(([key]) => ![...OF_THE_BUILD, ...TOLD].includes(key));
  visit(Object.fromEntries(shown), '');
  for (const [name, { type, bytes, values }] of tensors) {
    keys.set(`tensor ${name} ${type}`, Object.assign(values, { bytes }));
  }
  return keys;
}

/**
 * Compares what two builds made of one job.
 * `tolerance` 0 asks for the same bits. Otherwise numbers may differ by as much of the largest one of their key (an
 * eigenvalue's residual: of the largest eigenvalue), and `deviations` says which do.
 *
 * @returns {{
 *   keys: number,
 *   same: number,
 *   differences: string[],
 *   deviations: { key: string, relative: number }[],
 *   told: string[],
 * }} `same` of the `keys` are so bit for bit; `differences` is empty where the results agree; `told` is what is new, and
 *   no difference.
 */
export function compare(before, after, tolerance) {
  const [expected, found] = [before, after].map(({ result, tensors }) => keysOf(result, tensors));
  const differences = [];
  const deviations = [];
  const told = [];
  let same = 0;
  if (before.exitCode !== after.exitCode) {
    differences.push(`exit code ${before.exitCode} → ${after.exitCode}`);
  }
  for (const [key, values] of expected) {
    const others = found.get(key);
    if (!others) {
      differences.push(`${key} is missing`);
      continue;
    }
    if (sameBits(values, others)) {
      same++;
      continue;
    }
    const relative = deviation(values, others, scaleOf(key, values, expected));
    if (relative <= tolerance) deviations.push({ key, relative });
    else differences.push(`${key}: ${firstDifference(values, others)}, off by ${relative.toExponential(1)}`);
  }
  for (const key of found.keys()) if (!expected.has(key)) told.push(`new: ${key}`);
  for (const key of TOLD) {
    if (!isDeepStrictEqual(before.result[key], after.result[key])) told.push(`other: ${key}`);
  }
  return { keys: expected.size, same, differences, deviations, told };
}

function sameBits(values, others) {
  if (values.bytes) return values.bytes.equals(others.bytes);
  return values.length === others.length && values.every((value, i) => Object.is(value, others[i]));
}

function scaleOf(key, values, all) {
  const yardstick = all.get(key.replace(/residual$/, 'value')) ?? values;
  return yardstick.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

/** The largest distance of two numbers over the scale; infinite where anything but numbers differs. */
function deviation(values, others, scale) {
  if (values.length !== others.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const [i, value] of values.entries()) {
    if (value === others[i]) continue;
    const distance = Math.abs(value - others[i]);
    const numbers = typeof value === 'number' && typeof others[i] === 'number';
    largest = Math.max(
      largest,
      numbers && !Number.isNaN(distance) ? distance / scale : Number.POSITIVE_INFINITY,
    );
  }
  return largest;
}

function firstDifference(values, others) {
  if (values.length !== others.length) return `${values.length} values → ${others.length}`;
  const i = values.findIndex((value, k) => !Object.is(value, others[k]));
  if (i < 0) return 'a NaN of other bits';
  const at = values.length > 1 ? ` (value ${i} of ${values.length})` : '';
  return `${values[i]} → ${others[i]}${at}`;
}
