import { normal } from '../../random/normal.ts';
import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Panel, Table } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { type EqualTokensCell, type EqualTokensEvidence, equalTokens } from './equalTokensStudy.ts';

/** Nats a symbol by which a batch is behind that does not come to what larger ones reach. */
const BEHIND = 0.05;

type Found = readonly CellEvidence<EqualTokensCell, EqualTokensEvidence>[];
type Model = EqualTokensCell['model'];

/** The least loss over ε at one batch size, and whether that ε is at an end of the grid. null where all runs diverged. */
interface Best {
  readonly batchSize: number;
  readonly loss: number;
  readonly atEdge: boolean;
}

function bestOf({ cell, evidence: { losses } }: Found[number]): Best | null {
  const finite = losses.flatMap((loss) => (loss === null ? [] : [loss]));
  if (finite.length === 0) return null;
  const loss = Math.min(...finite);
  const at = losses.indexOf(loss);
  return { batchSize: cell.batchSize, loss, atEdge: at === 0 || at === losses.length - 1 };
}

const unitsOf = (found: Found): number[] => [...new Set(found.map(({ cell }) => cell.unit))];

function bestsOf(found: Found, model: Model, unit: number): Best[] {
  return found
    .filter(({ cell }) => cell.model === model && cell.unit === unit)
    .flatMap((one) => bestOf(one) ?? [])
    .sort((a, b) => a.batchSize - b.batchSize);
}

/** @param edges whether a best ε at an end of its grid counts: there might be a better one beyond */
function behind(found: Found, model: Model, edges = false): Measured {
  const least = Math.min(...found.map(({ cell }) => cell.batchSize));
  return {
    name: `loss at B = ${least} less the least at a larger B, nats`,
    values: unitsOf(found).map((unit) => {
      const [smallest, ...larger] = bestsOf(found, model, unit);
      if (!smallest || smallest.batchSize !== least || larger.length === 0) return null;
      const best = larger.reduce((a, b) => (b.loss < a.loss ? b : a));
      if (!edges && smallest.atEdge) return null;
      return smallest.loss - best.loss;
    }),
    margin: [BEHIND, null],
  };
}

/** Whether a Transformer needs a large enough batch where a perceptron does not. */
export const transformerBatch = claim({
  id: 'transformer-batch',
  version: 1,
  paper: 'since',
  study: equalTokens,
  statement:
    'From as many tokens a Transformer does not come, in batches that are too small, to the loss that it reaches in larger ones, at whatever learning rate',
  source: 'the article, on Transformers; against it Marek et al. 2025',
  population:
    'Transformers of two layers of width 32, 4 heads, on 8,192 sequences of 32 bytes of Moby Dick, by AdamW with β = 0.9 and 0.999, warm-up and cosine, the best of six ε at each of five B from 1 to 256; loss of 1,024 other sequences',
  unit: 'initial weights, order and sequences, the same at all B and ε',
  prediction: `the loss at B = 1 lies at least ${BEHIND} nats a byte above the least at a larger B, each at its own best ε: a twentieth of a nat is what some more training would give. A perceptron on the same text shows no such gap`,
  refutedBy: `a loss at B = 1 within ${BEHIND} nats of the least`,
  power: {
    pilot: 'none yet: distance and scatter are those of the planted case',
    scatter: 0.04,
    distance: 0.1,
    units: 6,
  },
  effects: (found) => [behind(found, 'transformer')],
  controls: (found) => [
    {
      name: 'a perceptron on the same text',
      removes: 'the model has no attention and no normalisation',
      effects: [behind(found, 'perceptron')],
    },
  ],
  sensitivity: (found) => [
    { name: 'a best ε at the end of its grid counts', effects: [behind(found, 'transformer', true)] },
  ],
  plantedAs: {
    effect: 'a Transformer that is 0.15 nats behind at the smallest B, a perceptron that is not',
    null: 'one that is 0.05 nats behind, the end of the margin',
  },
  plant: (truth, protocol, seed) =>
    equalTokens.cells({ ...protocol, seed: 0 }).map((cell, c) => {
      const smallest = cell.batchSize === protocol.batchSizes[0];
      const gap = smallest && cell.model === 'transformer' ? (truth === 'effect' ? 0.15 : BEHIND) : 0;
      // One of the larger B is the best by chance: all but the first of them are a little worse.
      const worse = smallest ? 0 : 0.02 * protocol.batchSizes.indexOf(cell.batchSize) - 0.02;
      const middle = (cell.rates.length - 1) / 2;
      const own = 0.03 * normal(seed, 241, c, 0);
      const losses = cell.rates.map((_, i) => 2.4 + gap + worse + own + 0.04 * (i - middle) ** 2);
      return { cell, evidence: { losses } };
    }),
  panels: (found) => [bestLosses(found)],
  tables: (found) => [byBatchSize(found)],
});

function bestLosses(found: Found): Panel {
  const units = unitsOf(found);
  const line = (model: Model, colour: number) =>
    units.map((unit) => ({
      mark: 'line' as const,
      name: model,
      look: { colour, faint: units.length > 1, marked: true },
      points: bestsOf(found, model, unit).map(({ batchSize, loss }) => ({ x: batchSize, y: loss })),
    }));
  return {
    title: 'Loss from as many tokens, each B at its best ε',
    x: { label: 'B, sequences', log: true },
    y: { label: 'test loss, nats' },
    marks: [...line('transformer', 0), ...line('perceptron', 1)],
  };
}

function byBatchSize(found: Found): Table {
  return {
    title: 'Each run’s best ε',
    columns: ['unit', 'model', 'B', 'test loss', 'at an end of the grid'],
    rows: found.map((one) => {
      const { unit, model, batchSize } = one.cell;
      const best = bestOf(one);
      return [unit, model, batchSize, best?.loss ?? null, best ? (best.atEdge ? 'yes' : 'no') : ''];
    }),
  };
}
