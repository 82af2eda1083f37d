import type { TrainSpec } from '../../jobs/trainSpec.ts';
import { instrumentsText } from './instrumentsText.ts';
import { isText } from './isText.ts';
import { defaultSettings, type Settings } from './labFields.ts';
import { optionsText } from './optionsText.ts';

type Json = Readonly<Record<string, unknown>>;

/** The form's fields for a train.json: what no field says goes, as it is, among the further keys. */
export function settingsOf(spec: TrainSpec): Settings {
  const settings: Record<string, string> = { ...defaultSettings, measureEvery: '', evaluateEvery: '' };
  const more: Record<string, unknown> = {};
  const { job: _, snapshot: __, ...rest } = spec as Json;
  const given: Record<string, unknown> = { ...rest };
  /** Takes a key's value by what writes it; where that gives null, it stays as it is. */
  const take = (key: string, write: (value: never) => Partial<Settings> | null): void => {
    const value = given[key];
    delete given[key];
    if (value === undefined) return;
    const written = write(value as never);
    if (written) Object.assign(settings, written);
    else more[key] = value;
  };
  const text = (field: keyof Settings) => (value: string | number) => ({ [field]: String(value) });

  take('data', text('data'));
  take('subset', text('subset'));
  take('label_noise', text('labelNoise'));
  take('average_pool', text('averagePool'));
  take('order', text('order'));
  take('weights', text('weights'));
  take('weights_prefix', text('weightsPrefix'));
  take('batch_size', text('batchSize'));
  take('record_every', text('recordEvery'));
  take('steps', (value: number) => ({ length: String(value), lengthUnit: 'steps' }));
  take('epochs', (value: number) => ({ length: String(value), lengthUnit: 'epochs' }));
  take('evaluate', ({ every }: { every: number }) => ({ evaluateEvery: String(every) }));
  take('augment', ({ crop, ...others }: Json) => {
    const written = optionsText({ ...others, crop: (crop as { padding?: number } | undefined)?.padding });
    return written === null ? null : { augment: written };
  });
  take('model', (model: string | Json) => {
    if (typeof model === 'string') return { model };
    const {
      layers,
      width,
      heads,
      dropout = 0,
    } = (model.transformer ?? {}) as Readonly<Record<string, unknown>>;
    if (model.transformer && dropout === 0 && isText(spec.data))
      return { transformer: `${layers}, ${width}, ${heads}` };
    if (!Array.isArray(model.hidden)) return null;
    return { hidden: model.hidden.join(', '), activation: String(model.activation ?? 'ReLU') };
  });
  if (isText(spec.data)) settings.sample = '';
  take('sample', ({ length = 200, ...others }: Json) => {
    const plain = Object.values(others).every((value) => value === undefined);
    return plain && isText(spec.data) ? { sample: String(length) } : null;
  });
  take('measure', ({ every, small_batch = 1, ...others }: Json) => {
    const plain = Object.values(others).every((value) => value === undefined || value === false);
    return plain ? { measureEvery: String(every), smallBatch: String(small_batch) } : null;
  });
  take('instruments', (asked: readonly Json[]) => {
    const written = instrumentsText(asked);
    return written === null ? null : { instruments: written };
  });
  take('batch_schedule', (schedule: readonly Json[] | Json) => {
    if (!Array.isArray(schedule)) {
      const { rule, ...others } = schedule as Json;
      const written = optionsText(others);
      return written === null ? null : { batchSchedule: `${rule} ${written}`.trim() };
    }
    return {
      batchSchedule: schedule.map(({ from_step, batch_size }) => `${from_step}: ${batch_size}`).join(', '),
    };
  });
  const typed =
    (type: keyof Settings, options: keyof Settings) =>
    ({ type: kind, ...others }: Json) => {
      const written = optionsText(others);
      return written === null ? null : { [type]: String(kind), [options]: written };
    };
  take('lr_schedule', typed('schedule', 'scheduleOptions'));
  take('averaging', typed('averaging', 'averagingOptions'));
  take('optimizer', ({ type = 'sgd', lr = 1e-3, momentum = 0, weight_decay, ...others }: Json) => {
    const decay = weight_decay ?? (type === 'adamw' ? 0.01 : 0);
    const written = optionsText(withoutDefaults(others));
    if (written === null) return null;
    return {
      optimizer: String(type),
      lr: String(lr),
      momentum: String(momentum),
      weightDecay: String(decay),
      optimizerOptions: written,
    };
  });
  take('seed', text('seeds'));
  take('replicas', (replicas: readonly Json[]) => gridOf(replicas));
  Object.assign(more, given);
  if (Object.keys(more).length > 0) settings.more = JSON.stringify(more);
  return settings as unknown as Settings;
}

/** Options of an optimizer that are not as they are where none is given. */
function withoutDefaults(options: Json): Json {
  const usual: Json = { nesterov: false, dampening: 0, betas: '0.9,0.999', eps: 1e-8, amsgrad: false };
  return Object.fromEntries(
    Object.entries(options).filter(([key, value]) => String(value) !== String(usual[key])),
  );
}

/** Rates and seeds of which the replicas are every combination, in the form's order; null where they are not. */
function gridOf(replicas: readonly Json[]): Partial<Settings> | null {
  const known = replicas.every((replica) =>
    Object.entries(replica).every(([key, value]) => value === undefined || key === 'lr' || key === 'seed'),
  );
  const rates = [...new Set(replicas.map(({ lr }) => lr))];
  const seeds = [...new Set(replicas.map(({ seed }) => seed))];
  const grid = rates.flatMap((lr) => seeds.map((seed) => `${lr} ${seed}`));
  const asked = replicas.map(({ lr, seed }) => `${lr} ${seed}`);
  if (!known || rates.includes(undefined) || seeds.includes(undefined)) return null;
  if (grid.length !== asked.length || grid.some((one, i) => one !== asked[i])) return null;
  return { lr: rates.join(', '), seeds: seeds.join(', ') };
}
