interface QuickProps {
  quick: boolean;
  disabled: boolean;
  onQuick(quick: boolean): void;
}

/** Small shapes and few rounds, for trying out. */
export function Quick({ quick, disabled, onQuick }: QuickProps) {
  return (
    <label class="quick">
      <input
        type="checkbox"
        checked={quick}
        disabled={disabled}
        onChange={(event) => onQuick(event.currentTarget.checked)}
      />
      <span>
        quick<span class="hint">: small shapes, seconds; no figures to quote</span>
      </span>
    </label>
  );
}
