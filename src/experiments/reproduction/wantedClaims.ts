import { InputError } from '../../host/inputError.ts';
import { showValue } from '../../host/showValue.ts';
import type { Experiment } from '../experiment.ts';
import { PRESETS, type Protocol, resolveProtocol } from '../protocol.ts';

/** Which claims are put to the test, and how. */
export interface WantedReproduction {
  /** By their ids; all where none is named. */
  readonly claims: readonly string[];
  readonly preset: string;
  /** The master seed in place of the presets': all units of all claims follow from it. */
  readonly seed?: number | undefined;
}

/** A claim with the protocol that it is measured by. */
export interface WantedClaim {
  readonly experiment: Experiment;
  /** The one that was asked for, or `standard` where the claim has no `full`. */
  readonly preset: string;
  readonly protocol: Protocol;
}

/**
 * The claims that are meant, each once, in the order of the list.
 * @throws InputError for a name that no claim has, a preset that there is not, and a seed that cannot be
 */
export function wantedClaims(
  list: readonly Experiment[],
  { claims, preset, seed }: WantedReproduction,
): WantedClaim[] {
  if (!(PRESETS as readonly string[]).includes(preset)) {
    throw new InputError(
      'reproduce',
      'preset',
      `is ${showValue(preset)}, expected one of ${PRESETS.join(', ')}`,
    );
  }
  for (const id of claims) {
    if (list.some((each) => each.id === id)) continue;
    const names = list.map((each) => each.id).join(', ');
    throw new InputError('reproduce', 'claim', `is ${showValue(id)}, expected one of ${names}`);
  }
  return list
    .filter(({ id }) => claims.length === 0 || claims.includes(id))
    .map((experiment) => {
      const own = preset in experiment.presets ? preset : 'standard';
      const changes = seed === undefined ? {} : { seed };
      return {
        experiment,
        preset: own,
        protocol: resolveProtocol(experiment, { preset: own, protocol: changes }),
      };
    });
}
