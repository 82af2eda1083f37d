import type { JobSpec } from '../../jobs/job.ts';
import { type Field, readFields, type WeightsFile } from '../fields/field.ts';
import type { GivenWeights } from '../files/givenFile.ts';
import { MEASURE, POINT, SHARPNESS, WITH_SHARPNESS } from './measureFields.ts';

/** The jobs that the form describes, or what is wrong with which field. */
export type Described =
  | { readonly specs: readonly JobSpec[]; readonly errors?: undefined }
  | { readonly specs?: undefined; readonly errors: Readonly<Record<string, string>> };

/**
 * `measure`, and after it `sharpness` where that is asked for, of the same files.
 * @param model and `data`: names of files, or of a built-in data set
 * @param textOf what a field holds
 * @param given all weights that there are, by their labels
 */
export function describeJobs(
  { model, data }: { readonly model: string | undefined; readonly data: string },
  textOf: (field: Field) => string,
  given: readonly GivenWeights[],
): Described {
  const read = (fields: readonly Field[]) => readFields(fields, textOf, given);
  const point = read(POINT.fields);
  const measure = read(MEASURE.flatMap(({ fields }) => fields));
  const sharpness = textOf(WITH_SHARPNESS) === '' ? null : read(SHARPNESS.fields);
  const errors = {
    ...(model === undefined ? { files: 'Expected a model.json.' } : {}),
    ...(data.trim() === '' ? { data: 'Expected a built-in data set or the name of a given file.' } : {}),
    ...point.errors,
    ...measure.errors,
    ...sharpness?.errors,
  };
  if (Object.keys(errors).length > 0) return { errors };
  const { weights, ...rest } = point.values as { weights: WeightsFile } & Record<string, unknown>;
  const files = {
    model,
    ...(typeof weights === 'string'
      ? { weights }
      : { weights: weights.weights, weights_prefix: weights.prefix }),
    data: data.trim(),
    ...rest,
  };
  const { batch_sharpness: ofBatch, ...asked } = measure.values;
  const quantities = ofBatch ? { quantities: ['batch_sharpness'] } : {};
  const specs = [
    { job: 'measure', ...files, ...asked, ...quantities },
    ...(sharpness ? [{ job: 'sharpness', ...files, ...sharpness.values }] : []),
  ];
  return { specs: specs as JobSpec[] };
}
