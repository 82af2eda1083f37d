import { resolve } from 'node:path';
import { dataName, type Json, orderName } from './trainOptions.ts';

/**
 * A train job with every path in full, so that the job of a result can be run again from any folder, wherever its file is.
 * @param folder against which its paths are meant
 */
export function withFullPaths(job: Json, folder: string): Json {
  const full = (name: string): string => resolve(folder, name);
  const all: Json = { ...job };
  for (const key of ['model', 'weights'] as const) {
    if (typeof job[key] === 'string') all[key] = full(job[key]);
  }
  if (typeof job.data === 'string') all.data = dataName(job.data, full);
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

/**
 * A train job's result with every path in full: its job's, and those of the data that replicas trained on.
 * @param folder against which they are meant
 */
export function resultWithFullPaths(result: Json, folder: string): Json {
  const withFullData = <R extends Json>(of: R): R =>
    typeof of.trainedOn === 'string'
      ? { ...of, trainedOn: dataName(of.trainedOn, (name) => resolve(folder, name)) }
      : of;
  const replicas = result.replicas as readonly Json[] | undefined;
  return {
    ...withFullData(result),
    ...(replicas ? { replicas: replicas.map(withFullData) } : {}),
    job: withFullPaths(result.job as Json, folder),
  };
}
