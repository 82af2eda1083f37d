import { useEffect, useRef, useState } from 'preact/hooks';
import { dataNames } from '../files/dataNames.ts';
import { EXAMPLE_DATA } from '../files/exampleRun.ts';
import type { FilesSession } from '../files/filesSession.ts';
import { changeUrlState, readUrlState, useUrlState } from '../urlState.ts';
import { type Field, initialValue } from './field.ts';
import { type FieldValues, focusFirst } from './fieldView.tsx';

type Errors = Readonly<Record<string, string>>;

/** A form whose state is the page's address: what was changed stands there, by the fields' keys. */
export interface JobForm extends FieldValues {
  /** Which data a field names: what was typed, else the first given data. */
  dataOf(key: string): string;
  onData(key: string, name: string): void;
  take(files: readonly File[]): void;
  /** Trains the example, and runs what the form says of it. */
  tryExample(): void;
  submit(): void;
}

/** Whether the address asks for the example. */
const EXAMPLE = 'example';

/**
 * The form of a page that is given files.
 * @param start begins the job that the form describes. @returns what is wrong with which field, undefined where it has begun
 * @param example what fields hold for the example, by their keys
 */
export function useJobForm(
  session: FilesSession,
  start: (form: JobForm) => Errors | undefined,
  example: Readonly<Record<string, string>> = {},
): JobForm {
  useUrlState();
  const [errors, setErrors] = useState<Errors>({});
  const { adapter, weights, results, given } = session;

  const runExample = (): void => {
    setErrors({});
    void session.makeExample().then((made) => {
      if (made) form.submit();
    });
  };
  const form: JobForm = {
    errors,
    weights,
    results,
    textOf(field) {
      const value = readUrlState().values[field.key];
      if (field.input.is === 'result') return session.results.find((name) => name === value) ?? '';
      if (field.input.is !== 'weights') return value ?? initialValue(field);
      const all = session.weights;
      if (value !== undefined && all.some(({ label }) => label === value)) return value;
      return field.input.place === null ? '' : (all[field.input.place]?.label ?? '');
    },
    onValue(field, value) {
      changeUrlState({ values: { [field.key]: isInitial(field, value) ? undefined : value } });
    },
    dataOf(key) {
      const { values } = readUrlState();
      return (
        values[key] ??
        (values[EXAMPLE] ? EXAMPLE_DATA : key === 'data' ? dataNames(session.given)[0] : '') ??
        ''
      );
    },
    onData(key, name) {
      changeUrlState({ values: { [key]: name } });
    },
    take(files) {
      setErrors({});
      void session.take(files);
    },
    tryExample() {
      changeUrlState({ values: { ...example, [EXAMPLE]: '1', data: undefined, test: undefined } });
      runExample();
    },
    submit() {
      const found = start(form) ?? {};
      setErrors(found);
    },
  };

  // When what is wrong is shown.
  useEffect(() => focusFirst(errors), [errors]);

  // An address that asks for the example has it computed as soon as it can be.
  const begun = useRef(false);
  useEffect(() => {
    if (!adapter || begun.current) return;
    begun.current = true;
    if (readUrlState().values[EXAMPLE]) runExample();
  }, [adapter]);
  // Without its files there is no example to be shared.
  const had = useRef(false);
  useEffect(() => {
    const has = given.some(({ made }) => made);
    if (had.current && !has) changeUrlState({ values: { [EXAMPLE]: undefined } });
    had.current = has;
  }, [given]);
  return form;
}

function isInitial(field: Field, value: string): boolean {
  return field.input.is !== 'weights' && value === initialValue(field);
}
