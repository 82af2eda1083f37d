import { effectText, pText, rangeText } from '../../experiments/effectText.ts';
import type { Statistic } from '../../experiments/experiment.ts';
import { EffectStripView } from './effectStripView.tsx';

/** Effects with their intervals against their margins' bands, a row each. */
export function EffectRows({ statistics }: { statistics: readonly Statistic[] }) {
  return (
    <ul class="forest effects" aria-label="Effects with 95 % intervals">
      {statistics.map(({ name, value, interval, margin, units, p }) => {
        // What has been JSON has null where there was no number.
        const estimate = value !== null && Number.isFinite(value) ? value : null;
        return (
          <li class="forest-row effect" key={name}>
            <span class="said">{name}</span>
            <EffectStripView effect={{ estimate, interval, margin }} look={lookOf(interval, margin)} />
            <span class="effect-numbers">
              <strong>{effectText(estimate, interval)}</strong>
              {margin ? `, margin ${rangeText(margin)}` : ', told beside'}
              {units !== undefined && `, ${units} ${units === 1 ? 'unit' : 'units'}`}
              {p !== undefined && `, p ${pText(p)}`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** Within the margin, outside of it altogether, or neither. */
function lookOf([low, high]: Statistic['interval'], margin: Statistic['margin']): string {
  if (!margin) return 'open';
  const [least, most] = margin;
  const within =
    (least === null || (low !== null && low >= least)) && (most === null || (high !== null && high <= most));
  if (within) return 'yes';
  const outside =
    (low !== null && most !== null && low > most) || (high !== null && least !== null && high < least);
  return outside ? 'no' : 'open';
}
