import { InputError } from '../../host/inputError.ts';
import { normal } from '../../random/normal.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import type { Dataset } from '../dataset.ts';
import { integer, type SyntheticKind, scale, seed, withTest } from './syntheticKind.ts';

export type MarkovTextOptions = Record<
  'examples' | 'test' | 'context' | 'order' | 'symbols' | 'contrast' | 'seed',
  number
>;

const STREAM = { transitions: 64, text: 65 };
const NAME = 'markov-text';
/** Of transition probabilities: they are kept, as numbers of 64 bits. */
const MOST = 2 ** 22;

/**
 * Sequences of a stationary Markov chain: given the `order` symbols c before it, a symbol s follows with probability
 * ∝ exp(contrast·z_{c,s}), z ~ N(0, 1). Each example is a text of its own of context + 1 symbols, which begins as the chain
 * does in the long run, so that examples are independent: x are its first `context` symbols, y at each position the
 * next one. What no model can do better than is known: markovTextEntropy.
 */
export const markovText: SyntheticKind<keyof MarkovTextOptions> = {
  options: {
    examples: integer(4096, 1),
    test: integer(1024, 0),
    context: integer(64, 1, 65_536),
    order: integer(2, 0, 8),
    symbols: integer(16, 2, 4096),
    contrast: scale(1.5, 0),
    seed,
  },
  generate: (options) => {
    const chain = chainOf(options);
    return withTest(options, (first, count) => draw(options, chain, first, count));
  },
};

interface Chain {
  /** P(s | c), row-major [symbolsᵒʳᵈᵉʳ, symbols]; c is a number of `order` digits, the latest symbol its last. */
  readonly transitions: Float64Array;
  /** How often each c comes in the long run. */
  readonly stationary: Float64Array;
}

function chainOf({ order, symbols, contrast, seed }: MarkovTextOptions): Chain {
  const contexts = symbols ** order;
  if (contexts * symbols > MOST) {
    const found = `${symbols} symbols after ${order} others make ${contexts * symbols} transitions`;
    throw new InputError(NAME, 'order', `${found}, expected at most ${MOST}`);
  }
  const transitions = new Float64Array(contexts * symbols);
  for (let c = 0; c < contexts; c++) {
    const row = transitions.subarray(c * symbols, (c + 1) * symbols);
    for (let s = 0; s < symbols; s++) row[s] = Math.exp(contrast * normal(seed, STREAM.transitions, c, s));
    const total = row.reduce((sum, weight) => sum + weight, 0);
    for (let s = 0; s < symbols; s++) row[s]! /= total;
  }
  return { transitions, stationary: stationaryOf(transitions, contexts, symbols) };
}

/** Where powers of the transitions lead: all of them are positive, so there is one such distribution, from wherever one starts. */
function stationaryOf(transitions: Float64Array, contexts: number, symbols: number): Float64Array {
  let before = new Float64Array(contexts).fill(1 / contexts);
  for (let round = 0; round < 10_000; round++) {
    const after = new Float64Array(contexts);
    for (let c = 0; c < contexts; c++) {
      const forgotten = (c * symbols) % contexts;
      for (let s = 0; s < symbols; s++) {
        const next = contexts === 1 ? 0 : forgotten + s;
        after[next]! += before[c]! * transitions[c * symbols + s]!;
      }
    }
    const change = after.reduce((sum, p, c) => sum + Math.abs(p - before[c]!), 0);
    before = after;
    if (change < 1e-14) break;
  }
  return before;
}

function draw(
  { context, order, symbols, seed }: MarkovTextOptions,
  { transitions, stationary }: Chain,
  first: number,
  count: number,
): Dataset {
  const contexts = stationary.length;
  const begins = accumulated(stationary, contexts);
  const follows = accumulated(transitions, symbols);
  const x = new Uint32Array(count * context);
  const labels = new Uint32Array(count * context);
  const text = new Uint32Array(order + context + 1);
  for (let i = 0; i < count; i++) {
    const uniform = (place: number): number =>
      threefry2x32(seed, purpose.syntheticData + STREAM.text, place, first + i)[0] / 2 ** 32;
    let c = placeIn(begins.subarray(0, contexts), uniform(0));
    for (let k = 0; k < order; k++) text[k] = Math.floor(c / symbols ** (order - 1 - k)) % symbols;
    for (let k = order; k < context + 1; k++) {
      const next = placeIn(follows.subarray(c * symbols, (c + 1) * symbols), uniform(k + 1));
      text[k] = next;
      c = contexts === 1 ? 0 : ((c * symbols) % contexts) + next;
    }
    x.set(text.subarray(0, context), i * context);
    labels.set(text.subarray(1, context + 1), i * context);
  }
  return {
    name: NAME,
    x,
    symbols,
    exampleShape: [context],
    targets: { kind: 'classes', labels, classes: symbols, positions: context },
    examples: count,
  };
}

/** Sums of each run of so many probabilities, up to each of them. */
function accumulated(probabilities: Float64Array, length: number): Float64Array {
  let sum = 0;
  return probabilities.map((p, i) => {
    sum = (i % length === 0 ? 0 : sum) + p;
    return sum;
  });
}

/** The first place up to which the sum is more than u; the last one where rounding leaves none. */
function placeIn(sums: Float64Array, u: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > u) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * What is known of `markov-text`, in nats a symbol: the chain's entropy rate, H(next | the `order` before), and the least mean
 * loss over the positions of an example, whose first positions see fewer symbols than the chain's order and cannot do as well.
 * @param options as syntheticOptions gives them
 */
export function markovTextEntropy(options: MarkovTextOptions): {
  readonly rate: number;
  readonly leastLoss: number;
} {
  const { context, order, symbols } = options;
  const { transitions, stationary } = chainOf(options);
  let rate = 0;
  stationary.forEach((p, c) => {
    for (let s = 0; s < symbols; s++) {
      const q = transitions[c * symbols + s]!;
      if (q > 0) rate -= p * q * Math.log(q);
    }
  });
  // H of the first k symbols of a text, k up to the order.
  const first = Array.from({ length: order + 1 }, (_, k) => {
    const sums = new Float64Array(symbols ** k);
    stationary.forEach((p, c) => {
      sums[Math.floor(c / symbols ** (order - k))]! += p;
    });
    return sums.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
  });
  let total = 0;
  for (let seen = 1; seen <= context; seen++) total += seen < order ? first[seen + 1]! - first[seen]! : rate;
  return { rate, leastLoss: total / context };
}
