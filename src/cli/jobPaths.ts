import { resolve } from 'node:path';
import { dataName, type Json, orderName } from './trainOptions.ts';

/**
 * A job with every path in full, so that the job of a result can be run again from any folder, wherever its file is.
 * @param folder against which its paths are meant
 */
export function withFullPaths(job: Json, folder: string): Json {
  const full = (name: string): string => resolve(folder, name);
  const all: Json = { ...job };
  if (typeof job.model === 'string') all.model = full(job.model);
  for (const key of ['weights', 'from', 'to']) {
    if (job[key] !== undefined) all[key] = fullWeights(job[key], full);
  }
  if (Array.isArray(job.through)) all.through = job.through.map((each) => fullWeights(each, full));
  if (typeof job.mark === 'object' && job.mark !== null) {
    const marks = Object.entries(job.mark).map(([name, each]) => [name, fullWeights(each, full)]);
    all.mark = Object.fromEntries(marks);
  }
  for (const key of ['data', 'test']) {
    if (typeof job[key] === 'string') all[key] = dataName(job[key], full);
  }
  const snapshot = job.snapshot as Json | undefined;
  if (snapshot) all.snapshot = { ...snapshot, file: full(snapshot.file as string) };
  if (typeof job.order === 'string') all.order = orderName(job.order, full);
  if (Array.isArray(job.replicas)) {
    all.replicas = job.replicas.map((replica: Json) =>
      typeof replica.weights === 'string' ? { ...replica, weights: full(replica.weights) } : replica,
    );
  }
  return all;
}

/** A file of weights, alone or with a prefix within it beside it. */
function fullWeights(given: unknown, full: (name: string) => string): unknown {
  if (typeof given === 'string') return full(given);
  const { weights } = given as { readonly weights: string };
  return { ...(given as Json), weights: full(weights) };
}

/**
 * A job's result with every path in full: its job's, where it says one, and those of the data that replicas trained on.
 * @param folder against which they are meant
 */
export function resultWithFullPaths(result: Json, folder: string): Json {
  const withFullData = <R extends Json>(of: R): R =>
    typeof of.trainedOn === 'string'
      ? { ...of, trainedOn: dataName(of.trainedOn, (name) => resolve(folder, name)) }
      : of;
  const { job, replicas } = result as { readonly job?: Json; readonly replicas?: readonly Json[] };
  return {
    ...withFullData(result),
    ...(replicas ? { replicas: replicas.map(withFullData) } : {}),
    ...(job ? { job: withFullPaths(job, folder) } : {}),
  };
}
