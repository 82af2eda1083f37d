import type { CellEvidence } from '../experiment.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { NOISE_ARMS, type NoiseArm, type NoiseCell, type NoiseEvidence } from './noiseStudy.ts';

/** Ratios within which two ends are the same. */
export const SAME = { lambda: 1.15, distance: 1.05, testLoss: 1.05 } as const;
const NAMES = {
  lambda: 'λ_max',
  distance: '|θ − θ₀|',
  testLoss: 'Test loss',
} as const;
type Of = keyof typeof SAME;

export type NoiseUnits = readonly CellEvidence<NoiseCell, NoiseEvidence>[];

/** Where an arm ends, over where SGD does, by unit: two one-sided tests each. */
export function endsOverSgd(found: NoiseUnits, arm: NoiseArm): Measured[] {
  return (Object.keys(SAME) as Of[]).map((of) => ({
    name: `${NAMES[of]} over SGD’s`,
    values: found.map(({ evidence: { arms } }) => geometric(arms[arm]![of]) / geometric(arms.sgd![of])),
    margin: [1 / SAME[of], SAME[of]],
    scale: 'log',
  }));
}

function geometric(of: readonly number[]): number {
  return Math.exp(of.reduce((sum, value) => sum + Math.log(value), 0) / of.length);
}

const ARM_NAMES: Readonly<Record<NoiseArm, string>> = {
  sgd: 'SGD',
  covariance: 'noise of Σ by signs',
  isotropic: 'isotropic noise',
  svag: 'SVAG',
  whole: 'no noise',
};

/** A chart for each end: all arms of each unit over the unit's SGD. */
export function endPanels(found: NoiseUnits): Panel[] {
  return (Object.keys(SAME) as Of[]).map((of) => endPanel(found, of));
}

/** What each arm's runs of each unit came to, over the unit's SGD. */
function endPanel(found: NoiseUnits, of: Of): Panel {
  return {
    title: `${NAMES[of]} of all arms over SGD’s`,
    x: { label: 'unit', range: [0.5, found.length + 0.5] },
    y: { label: 'ratio', log: true },
    marks: NOISE_ARMS.filter((arm) => arm !== 'sgd').map((arm) => ({
      mark: 'dots' as const,
      name: ARM_NAMES[arm],
      points: found.map(({ evidence: { arms } }, u) => ({
        x: u + 1,
        y: geometric(arms[arm]![of]) / geometric(arms.sgd![of]),
      })),
    })),
  };
}
