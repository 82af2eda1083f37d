import type { ComponentChildren } from 'preact';

interface GroupProps<T> {
  /** For those who do not see it. */
  legend: string;
  look: 'segmented' | 'pills';
  options: readonly { readonly value: T; readonly label: ComponentChildren; readonly disabled?: boolean }[];
  isOn(value: NoInfer<T>): boolean;
  onPress(value: NoInfer<T>): void;
}

/** Buttons that belong together, some of them pressed. */
export function ButtonGroup<T extends string | number>(props: GroupProps<T>) {
  const { legend, look, options, isOn, onPress } = props;
  return (
    <fieldset class={look}>
      <legend class="visually-hidden">{legend}</legend>
      {options.map(({ value, label, disabled }) => (
        <button
          key={value}
          type="button"
          aria-pressed={isOn(value)}
          disabled={disabled}
          onClick={() => onPress(value)}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
