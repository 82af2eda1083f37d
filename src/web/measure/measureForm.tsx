import type { JobSpec } from '../../jobs/job.ts';
import { DATA, DataFields } from '../fields/dataFields.tsx';
import { FieldGroup } from '../fields/fieldGroup.tsx';
import { FieldView } from '../fields/fieldView.tsx';
import { SettingsForm } from '../fields/settingsForm.tsx';
import type { JobForm } from '../fields/useJobForm.ts';
import { costsOf, costText } from './cost.ts';
import { MEASURE, POINT, SHARPNESS, WITH_SHARPNESS } from './measureFields.ts';
import type { MeasureSession } from './measureSession.ts';

interface FormProps {
  form: JobForm;
  session: MeasureSession;
  /** What the form describes; undefined while something of it is missing. */
  specs: readonly JobSpec[] | undefined;
}

/** What is to be measured, and what it costs. */
export function MeasureForm({ form, session, specs }: FormProps) {
  const running = session.state !== 'idle';
  const sharpness = form.textOf(WITH_SHARPNESS) === '' ? [] : SHARPNESS.fields;
  return (
    <SettingsForm form={form}>
      <fieldset disabled={running}>
        <legend>Data and weights</legend>
        <DataFields fields={[DATA]} form={form} given={session.given} />
        {POINT.fields.map((field) => (
          <FieldView key={field.key} field={field} {...form} />
        ))}
      </fieldset>
      {MEASURE.map(({ title, fields }) => (
        <FieldGroup key={title} title={title} fields={fields} form={form} disabled={running} />
      ))}
      <FieldGroup
        title={SHARPNESS.title}
        fields={[WITH_SHARPNESS, ...sharpness]}
        form={form}
        disabled={running}
      />
      <p class="hint">
        {specs && costText(costsOf(specs))} A pass is the gradient of all these examples, or a product of the
        Hessian with a vector, which takes 1.4 to 2.7 gradients.
      </p>
    </SettingsForm>
  );
}
