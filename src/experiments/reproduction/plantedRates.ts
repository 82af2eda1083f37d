import type { Effect } from '../../measure/statistics/interval.ts';
import { wilsonInterval } from '../../measure/statistics/wilsonInterval.ts';
import { type Experiment, type Truth, VERDICTS, type Verdict } from '../experiment.ts';

/** How one claim judges evidence of known truth. */
export interface PlantedRate {
  readonly claim: string;
  readonly truth: Truth;
  readonly trials: number;
  /** How many had each verdict. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
}

/** How often planted evidence is reproduced: of effects at least four fifths should be, of nulls at most a twentieth. */
export interface PlantedRates {
  readonly claims: readonly PlantedRate[];
  /** Share of the planted effects that are reproduced, over all claims. */
  readonly effects: Effect | null;
  /** Share of the planted nulls that are, falsely. */
  readonly nulls: Effect | null;
  /** Claims that plant nothing. */
  readonly without: readonly string[];
}

/**
 * Judges planted effects and nulls of each claim, each at a seed of its own, at the size of the standard protocol: by the claim's verdict
 * function, without its control and table. Wants no device.
 * @param trials of each truth for each claim
 */
export function plantedRates(list: readonly Experiment[], trials: number): PlantedRates {
  const claims = list.flatMap((experiment) => {
    const { id, plant, verdictOf, presets } = experiment;
    if (!plant || !verdictOf) return [];
    return (['effect', 'null'] as const).map((truth): PlantedRate => {
      const verdicts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
      for (let seed = 1; seed <= trials; seed++) {
        verdicts[verdictOf(plant(truth, presets.standard, seed), presets.standard)]++;
      }
      return { claim: id, truth, trials, verdicts };
    });
  });
  const share = (truth: Truth): Effect | null => {
    const own = claims.filter((each) => each.truth === truth);
    const reproduced = own.reduce((sum, { verdicts }) => sum + verdicts.reproduced, 0);
    return own.length > 0 ? wilsonInterval(reproduced, own.length * trials) : null;
  };
  return {
    claims,
    effects: share('effect'),
    nulls: share('null'),
    without: list.flatMap(({ id, plant, verdictOf }) => (plant && verdictOf ? [] : [id])),
  };
}
