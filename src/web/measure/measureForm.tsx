import { DATA, DataFields } from '../fields/dataFields.tsx';
import type { Field } from '../fields/field.ts';
import { FieldView } from '../fields/fieldView.tsx';
import type { JobForm } from '../fields/useJobForm.ts';
import { MEASURE, POINT, SHARPNESS, WITH_SHARPNESS } from './measureFields.ts';
import type { MeasureSession } from './measureSession.ts';

/** What is to be measured, and what it costs. */
export function MeasureForm({ form, session }: { form: JobForm; session: MeasureSession }) {
  const running = session.state !== 'idle';
  const group = (title: string, fields: readonly Field[]) => (
    <fieldset key={title} disabled={running}>
      <legend>{title}</legend>
      {fields.map((field) => (
        <FieldView key={field.key} field={field} {...form} />
      ))}
    </fieldset>
  );
  const withSharpness = form.textOf(WITH_SHARPNESS) !== '';
  return (
    <form
      id="settings"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        form.submit();
      }}
    >
      <fieldset disabled={running}>
        <legend>Data</legend>
        <DataFields fields={[DATA]} form={form} given={session.given} />
        <p class="hint">A pass is the gradient of all these examples; what options cost is told in passes.</p>
      </fieldset>
      {group(POINT.title, POINT.fields)}
      {MEASURE.map(({ title, fields }) => group(title, fields))}
      {group(SHARPNESS.title, [WITH_SHARPNESS, ...(withSharpness ? SHARPNESS.fields : [])])}
    </form>
  );
}
