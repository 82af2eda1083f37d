import type { Check, Outcome, Sensitivity } from '../experiment.ts';
import { type Judged, judgeEffects } from './judgeEffects.ts';
import type { Control, Measured, Variant } from './measured.ts';

/** All that a claim's verdict follows from. */
export interface Grounds {
  readonly effects: readonly Measured[];
  readonly controls: readonly Control[];
  readonly planted: readonly Check[];
  readonly variants: readonly Variant[];
}

/**
 * A claim's verdict from its effects, which may be taken back: inconclusive where planted evidence is not judged as it must be, where a
 * control without the claimed cause is reproduced as well, and where a reproduced effect leaves its margin in a row of the
 * sensitivity table, or one that is not reproduced is reproduced there.
 */
export function decide({ effects, controls, planted, variants }: Grounds): Omit<Outcome<null>, 'detail'> {
  const main = judgeEffects(effects);
  const checked = controls.map((control) => checkControl(control));
  const sensitivity = variants.map(({ name, effects: changed }): Sensitivity => {
    const { statistics, verdict } = judgeEffects(changed);
    return { name, statistics, verdict };
  });
  const doubts = doubtsOf(main, checked, planted, sensitivity);
  return {
    statistics: main.statistics,
    controls: checked,
    planted,
    sensitivity,
    p: main.p,
    verdict: doubts.length > 0 ? 'inconclusive' : main.verdict,
    reason:
      doubts.length > 0 ? `${doubts.join('; ')}; without that ${main.verdict}: ${main.reason}` : main.reason,
  };
}

function checkControl({ name, removes, effects }: Control): Check {
  const { verdict, reason, statistics } = judgeEffects(effects);
  return {
    name: `${name} (${removes})`,
    expected: 'not reproduced',
    found: `${verdict}: ${reason}`,
    holds: verdict !== 'reproduced',
    statistics,
  };
}

function doubtsOf(
  { verdict }: Judged,
  controls: readonly Check[],
  planted: readonly Check[],
  sensitivity: readonly Sensitivity[],
): string[] {
  if (verdict === 'inconclusive') return [];
  const unseen = planted.filter(({ holds }) => !holds);
  const also = verdict === 'reproduced' ? controls.filter(({ holds }) => !holds) : [];
  const lost = sensitivity.filter((row) =>
    verdict === 'reproduced' ? !staysWithin(row) : row.verdict === 'reproduced',
  );
  return [
    ...unseen.map(
      ({ name, found, expected }) => `planted evidence (${name}) is ${found}, expected ${expected}`,
    ),
    ...also.map(({ name }) => `the control is reproduced as well: ${name}`),
    ...lost.map(({ name }) => `it does not survive the table: ${name}`),
  ];
}

/** Whether every estimate is still within its margin, whatever its interval. */
function staysWithin({ statistics }: Sensitivity): boolean {
  return statistics.every(({ value, margin }) => {
    if (margin === null) return true;
    const [least, most] = margin;
    return (least === null || value >= least) && (most === null || value <= most);
  });
}
