import type { GivenFile } from '../files/givenFile.ts';
import { AreaField, ChoiceField, FoldedFields, type FormState, TextField } from './formFields.tsx';
import { InstrumentFields } from './instrumentFields.tsx';
import { isText } from './isText.ts';
import { DATA_NAMES, defaultSettings } from './labFields.ts';
import { activations, averagings, optimizers, schedules } from './parseSettings.ts';

interface FormProps {
  form: FormState;
  disabled: boolean;
  /** Files that the page was given. */
  given: readonly GivenFile[];
  onFiles(files: readonly File[]): void;
  onRemove(name: string): void;
  onSubmit(): void;
}

const SCHEDULE_OPTIONS: Readonly<Record<string, string>> = {
  constant: 'warmup=100',
  step: 'step_size=1000, gamma=0.1',
  cosine: 'T_max=5000, eta_min=0.001',
  cosine_restarts: 'T_0=1000, T_mult=2',
  swa: 'start=1000, alpha1=0.05, kind=constant',
  table: 'values=0.1|0.1|0.05',
};

const AVERAGING_OPTIONS: Readonly<Record<string, string>> = {
  none: '',
  swa: 'start=1000, every=100',
  ema: 'decay=0.999, every=1',
  lawa: 'last=10, every=100',
  swag: 'start=1000, every=100',
};

/** What to train and what to read from it: a train.json. */
export function SettingsForm({ form, disabled, given, onFiles, onRemove, onSubmit }: FormProps) {
  const { settings } = form;
  const { model, optimizer, schedule, averaging } = settings;
  const named = (is: GivenFile['is']): string[] =>
    given.flatMap((file) => (file.is === is ? [file.name] : []));
  const folded = { form, initial: defaultSettings };

  return (
    <form
      id="settings"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <fieldset disabled={disabled}>
        <legend>Data and model</legend>
        <TextField form={form} field="data" label="Data set" words list="lab-data" />
        <datalist id="lab-data">
          {[...named('data'), ...DATA_NAMES].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {model === '' && isText(settings.data) ? (
          <div class="pair">
            <TextField
              form={form}
              field="transformer"
              label="Transformer"
              hint="Layers, width, heads."
              words
            />
            <TextField
              form={form}
              field="sample"
              label="Sample, symbols"
              example="none"
              hint="A text at each evaluation."
            />
          </div>
        ) : model === '' ? (
          <>
            <TextField
              form={form}
              field="hidden"
              label="Hidden layers"
              hint="Sizes, separated by commas; none for a linear model."
              words
            />
            <ChoiceField form={form} field="activation" label="Activation" options={activations} />
          </>
        ) : (
          <TextField
            form={form}
            field="model"
            label="Model"
            words
            hint="A given model.json. Empty: hidden layers."
          />
        )}
        <div class="field">
          <label for="setting-files">Files: model.json, weights, data, a text, train.json</label>
          <input
            id="setting-files"
            type="file"
            multiple
            aria-describedby="hint-files"
            onChange={({ currentTarget }) => {
              onFiles([...(currentTarget.files ?? [])]);
              // The same files may be chosen again.
              currentTarget.value = '';
            }}
          />
          <p class="hint" id="hint-files">
            Or drop them anywhere on the page. Nothing leaves this machine.
          </p>
        </div>
        {given.length > 0 && (
          <ul class="given" aria-label="Given files">
            {given.map(({ name, is }) => (
              <li key={name}>
                <span class="name">{name}</span> <span class="hint">{is}</span>
                <button type="button" aria-label={`Remove ${name}`} onClick={() => onRemove(name)}>
                  ×
                </button>
              </li>
            ))}
          </ul>
        )}
        <FoldedFields
          {...folded}
          fields={['subset', 'labelNoise', 'averagePool', 'augment', 'order', 'weights', 'weightsPrefix']}
          summary="Subset, noise, augmentation, order, weights"
        >
          <div class="pair">
            <TextField form={form} field="subset" label="Subset" example="all" />
            <TextField form={form} field="labelNoise" label="Label noise" example="0" />
          </div>
          <TextField
            form={form}
            field="averagePool"
            label="Average pool"
            hint="k: each k × k pixels become one."
          />
          <TextField form={form} field="augment" label="Augment" words example="shift=2, flip=true, crop=4" />
          <TextField
            form={form}
            field="order"
            label="Order"
            words
            hint="shuffle, iid, sequential, or a given file of indices."
          />
          <TextField form={form} field="weights" label="Initial weights" words example="drawn by the seed" />
          <TextField form={form} field="weightsPrefix" label="… under the prefix" words example="swa." />
        </FoldedFields>
      </fieldset>
      <fieldset disabled={disabled}>
        <legend>Optimisation</legend>
        <ChoiceField form={form} field="optimizer" label="Optimizer" options={optimizers} />
        <div class="pair">
          <TextField
            form={form}
            field="batchSize"
            label={
              <>
                Batch size <i>B</i>
              </>
            }
          />
          {optimizer === 'sgd' && (
            <TextField
              form={form}
              field="momentum"
              label={
                <>
                  Momentum <i>m</i>
                </>
              }
            />
          )}
        </div>
        <TextField
          form={form}
          field="lr"
          label={
            <>
              Learning rate <i>ε</i>
            </>
          }
          hint="Several, separated by commas, make replicas: 0.03, 0.1, 0.3"
          words
        />
        <div class="pair">
          <TextField
            form={form}
            field="weightDecay"
            label={
              <>
                Weight decay <i>λ</i>
              </>
            }
          />
          <TextField form={form} field="seeds" label="Seed" hint="Several make a mean: 0-3" words />
        </div>
        <div class="pair">
          <TextField form={form} field="length" label="Length" />
          <ChoiceField form={form} field="lengthUnit" label="Unit" options={['epochs', 'steps']} />
        </div>
        <FoldedFields
          {...folded}
          fields={[
            'schedule',
            'scheduleOptions',
            'batchSchedule',
            'averaging',
            'averagingOptions',
            'optimizerOptions',
          ]}
          summary="Schedules of ε and B, averages"
        >
          <ChoiceField form={form} field="schedule" label="Schedule of ε" options={schedules} />
          <TextField
            form={form}
            field="scheduleOptions"
            label="… its options"
            words
            example={SCHEDULE_OPTIONS[schedule]}
          />
          <TextField
            form={form}
            field="batchSchedule"
            label="Schedule of B"
            words
            example="0: 32, 500: 128"
            hint="Step: B, …, or a rule: grow, or noise examples_per_step=…"
          />
          <ChoiceField form={form} field="averaging" label="Average of the weights" options={averagings} />
          {averaging !== 'none' && (
            <TextField
              form={form}
              field="averagingOptions"
              label="… its options"
              words
              example={AVERAGING_OPTIONS[averaging]}
            />
          )}
          <TextField
            form={form}
            field="optimizerOptions"
            label="Options of the optimizer"
            words
            example={optimizer === 'sgd' ? 'nesterov=true' : 'betas=0.9|0.999, eps=1e-8'}
          />
        </FoldedFields>
      </fieldset>
      <fieldset disabled={disabled}>
        <legend>Readings, every … steps</legend>
        <div class="triple">
          <TextField form={form} field="recordEvery" label="Loss" />
          <TextField form={form} field="measureEvery" label="Noise" example="none" />
          <TextField form={form} field="evaluateEvery" label="Test" example="end" />
        </div>
        <FoldedFields {...folded} fields={['instruments', 'smallBatch']} summary="Instruments, sub-batches">
          <InstrumentFields form={form} />
          <TextField
            form={form}
            field="smallBatch"
            label="Noise of sub-batches of"
            hint="1: of single examples. With BatchNorm 2 or more."
          />
        </FoldedFields>
      </fieldset>
      <fieldset disabled={disabled}>
        <legend class="visually-hidden">Further keys</legend>
        <FoldedFields {...folded} fields={['more']} summary="Further keys of a train.json">
          <AreaField
            form={form}
            field="more"
            label="JSON"
            example={'{"init_seed": 3, "lr_search": {"after": 100}}'}
            hint="They take the place of what the fields say."
          />
        </FoldedFields>
      </fieldset>
    </form>
  );
}
