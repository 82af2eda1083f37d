import { formatNumber } from '../../present/formatNumber.ts';
import type { Slider } from './figures/liveFigure.ts';

interface ValueSliderProps {
  slider: Slider;
  value: number;
  onChange(value: number): void;
}

/** A slider over the values that a figure has. */
export function ValueSlider({ slider, value, onChange }: ValueSliderProps) {
  const { name, symbol, values } = slider;
  return (
    <label class="slider">
      <span>
        {name}{' '}
        <output>
          <i>{symbol}</i> = {formatNumber(value)}
        </output>
      </span>
      <input
        type="range"
        min={0}
        max={values.length - 1}
        step={1}
        value={values.indexOf(value)}
        aria-label={`${name} ${symbol}`}
        aria-valuetext={formatNumber(value)}
        onInput={(event) => onChange(values[Number(event.currentTarget.value)]!)}
      />
    </label>
  );
}
