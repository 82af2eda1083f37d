import type { Reading } from '../../jobs/job.ts';
import { type Quantity, quantitiesOf } from '../../present/quantities.ts';

/** ε as it was used: drawn where it changes on the way. */
const learningRate: Quantity = {
  id: 'learningRate',
  symbol: 'ε',
  name: 'Learning rate',
  equation: 'θ ← θ − ε ḡ',
  meaning: 'How far a step goes along the batch’s mean gradient, as its schedule or you have set it.',
  source: 'the run’s settings',
  log: true,
  scatters: false,
  from: 'reading',
  read: (event) => (event as Reading).learningRate,
};

/** Quantities that say nothing of a run in which they stay as they were. */
export const SETTINGS_OF_RUN = ['temperature', 'learningRate'];

/** What a run shows, in the order in which it is drawn: what it set itself comes last. */
export function labQuantities(
  instruments: readonly { readonly type?: unknown }[] | undefined,
  measuresNoise: boolean,
): readonly Quantity[] {
  const all = [...quantitiesOf(instruments), learningRate];
  const shown = measuresNoise ? all : all.filter(({ from }) => from !== 'noise');
  const isSetting = ({ id }: Quantity): boolean => SETTINGS_OF_RUN.includes(id);
  return [...shown.filter((quantity) => !isSetting(quantity)), ...shown.filter(isSetting)];
}
