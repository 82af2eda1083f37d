import type { FigureMark } from '../../../experiments/figure.ts';
import { formatNumber } from '../../../present/formatNumber.ts';
import { readingsOf, rounded } from './events.ts';
import type { Drawn, LiveFigure } from './liveFigure.ts';
import { clusters, SMOOTH_NETWORK } from './task.ts';

const EXAMPLES = 512;
const BATCHES = [8, 16, 32, 64, 128, EXAMPLES];
const STEPS = 145;
const EVERY = 12;
const RATE = 1;

/** The largest eigenvalue of the Hessian while networks train that differ in the batch size only. */
export const flatMinima: LiveFigure = {
  id: 'flat-minima',
  title: 'The sharpest direction while a network trains',
  slider: { symbol: 'B', name: 'batch size', values: BATCHES, first: 16 },
  runs: BATCHES,
  runOf: (value) => value,
  jobs: (batch) => [
    {
      job: 'train',
      model: SMOOTH_NETWORK,
      data: clusters({ examples: EXAMPLES, test: 0 }),
      batch_size: batch,
      steps: STEPS,
      record_every: EVERY,
      optimizer: { type: 'sgd', lr: RATE },
      instruments: [{ type: 'eigenvalue', every: EVERY, examples: EXAMPLES }],
    },
  ],
  digest: (_, [events = []]) => ({
    lambda: readingsOf(events).flatMap(({ step, instruments }) => {
      const told = instruments?.eigenvalue as { readonly value?: number } | undefined;
      return told?.value === undefined ? [] : [{ x: step, y: rounded(told.value) }];
    }),
  }),
  panels({ chosen, others }, value) {
    const curve = (batch: number, drawn: Drawn): FigureMark => ({
      mark: 'line',
      name: `B = ${batch}${batch === EXAMPLES ? ', all examples' : ''}`,
      points: drawn.lambda ?? [],
      look: {
        colour: batch === value ? 0 : batch === EXAMPLES ? 1 : 7,
        faint: batch !== value && batch !== EXAMPLES,
      },
    });
    const rest = [...others].filter(([batch]) => batch !== value).sort(([a], [b]) => a - b);
    return [
      {
        title: 'Largest eigenvalue of the Hessian',
        x: { label: 'step', range: [0, STEPS] },
        y: { label: 'λ_max', range: [0, 1.2] },
        marks: [curve(value, chosen), ...rest.map(([batch, drawn]) => curve(batch, drawn))],
      },
    ];
  },
  sentence({ chosen, others }, value) {
    const last = (drawn: Drawn | undefined) => meanOfLast(drawn?.lambda ?? []);
    const [own, all] = [last(chosen), last(value === EXAMPLES ? chosen : others.get(EXAMPLES))];
    if (own === undefined || all === undefined) return undefined;
    const whole = `with all ${EXAMPLES} examples in each step λ_{max} is ${formatNumber(all, 2)} at the end`;
    return value === EXAMPLES
      ? `At ε = ${RATE}, ${whole}.`
      : `At ε = ${RATE}, ${whole}; with B = ${value} it is ${formatNumber(own, 2)}.`;
  },
};

/** Of the last third, since a small batch's curve is rough. */
function meanOfLast(points: readonly { readonly y: number | null }[]): number | undefined {
  const known = points.flatMap(({ y }) => (y === null ? [] : [y]));
  const last = known.slice(-Math.ceil(known.length / 3));
  return last.length === 0 ? undefined : last.reduce((sum, value) => sum + value, 0) / last.length;
}
