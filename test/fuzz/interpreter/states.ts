import type { State } from '../../../src/gpu/state.ts';
import { ALIGNMENT } from '../../../src/gpu/state.ts';
import { size } from '../../../src/ops/graph.ts';
import type { MomentState } from '../../../src/ops/perExample/mergeMoments.ts';
import type { RunningStatistics } from '../../../src/ops/runningStatistics.ts';
import type { Examples } from '../../../src/ops/state/gather.ts';
import type { Recorder } from '../../../src/ops/state/record.ts';
import type { AdamState } from '../../../src/optim/adam.ts';
import type { RunningAverage } from '../../../src/optim/average.ts';
import type { CaptureSteps } from '../../../src/optim/captureSteps.ts';
import type { CaptureRing } from '../../../src/optim/lawa.ts';
import type { SgdState } from '../../../src/optim/sgd.ts';
import type { SwagState } from '../../../src/optim/swag.ts';
import * as reference from '../../../src/reference/advance.ts';
import {
  add,
  type Bounded,
  divide,
  EPS,
  exact,
  isUndecided,
  isVague,
  monotone,
  multiply,
  scaled,
  sqrt,
  subtract,
  sumOf,
  UNDECIDED,
} from './bounded.ts';
import type { Memory, Rule } from './rule.ts';
import { at, exactValues, make, moved, type Values } from './values.ts';

function advanced(memory: Memory, counters: State, batch: number, examples: number, steps = 1): Values {
  const [step, epoch, offset] = memory.get(counters).value;
  return exactValues(reference.advance([step!, epoch!, offset!], batch, examples, steps));
}

const offsetOf = (memory: Memory, counters: State): number => memory.get(counters).value[2]!;

/** w + share·(x − w) */
const towards = (w: Bounded, x: Bounded, share: Bounded): Bounded => add(w, multiply(share, subtract(x, w)));

/** A quotient of small integers. */
const quotient = (a: number, b: number): Bounded => ({ value: a / b, error: 3 * EPS * Math.abs(a / b) });

/** Captures before that of the step that the counters are at. */
function capturesBefore({ start, every }: CaptureSteps, memory: Memory, counters: State): number {
  return Math.floor((memory.get(counters).value[0]! - start) / every);
}

/** 1 − βᵗ from ln β: of ln β's own rounding in float32, and by the exponential's where it is near ½. */
function correction(logBeta: Bounded, t: number): Bounded {
  if (isUndecided(logBeta) || !(logBeta.value < 0)) return UNDECIDED;
  return monotone(
    multiply(logBeta, exact(t)),
    (x) => -Math.expm1(x),
    (y) => 16 * EPS * y,
  );
}

/** The larger of two numbers, whichever it is; of a NaN WGSL leaves open which. */
function largerOf(a: Bounded, b: Bounded): Bounded {
  if (isUndecided(a) || isUndecided(b) || Number.isNaN(a.value) || Number.isNaN(b.value)) return UNDECIDED;
  return { value: Math.max(a.value, b.value), error: Math.max(a.error, b.error) };
}

/** What reads states at a cursor, and what writes them. */
export const states: Readonly<Record<string, Rule>> = {
  take: ({ outputs: [y], attributes: { of, counters } }, _, memory) => {
    const first = offsetOf(memory, counters) * size(y!.shape.slice(1));
    const all = memory.get(of);
    return [moved(all, size(y!.shape), (i) => (first + i) % all.value.length)];
  },
  accumulate: ({ attributes: { state } }, [values], memory) => {
    const before = memory.get(state);
    memory.set(
      state,
      make(before.value.length, (i) => add(at(before, i), at(values!, i))),
    );
    return [];
  },
  append: ({ inputs: [x], attributes: { to, counters } }, [values], memory) => {
    const first = offsetOf(memory, counters) * size(x!.shape.slice(1));
    const before = memory.get(to);
    const [elements, all] = [size(x!.shape), before.value.length];
    memory.set(
      to,
      make(all, (i) => {
        const from = (i - first + all) % all;
        return from < elements ? at(values!, from) : at(before, i);
      }),
    );
    return [];
  },
  advance: ({ attributes: { counters, batch, examples, steps } }, _, memory) => {
    memory.set(counters, advanced(memory, counters, batch, examples, steps));
    return [];
  },
  record: ({ inputs: [losses], attributes }, [values, ...others], memory) => {
    const { counters, ring, examples }: Recorder = attributes.recorder;
    const { count, elements } = attributes;
    const statistics = others[0];
    const vectors = others.at(-1);
    const [slots, width] = ring.shape as [number, number];
    const batch = losses!.shape[0]!;
    const slot = (memory.get(counters).value[0]! % slots) * width;
    const mean = scaled(sumOf(Array.from({ length: batch }, (_, b) => at(values!, b))), 1 / batch);
    const before = memory.get(ring);
    memory.set(
      ring,
      make(before.value.length, (i) => {
        if (i === slot) return mean;
        const place = i - slot - 1;
        if (place >= 0 && place < count) return at(statistics!, place * ALIGNMENT);
        const behind = place - count;
        return behind >= 0 && behind < elements ? at(vectors!, behind) : at(before, i);
      }),
    );
    // Counters that the replicas share are advanced by a node of its own.
    if (attributes.advances !== false) memory.set(counters, advanced(memory, counters, batch, examples));
    return [];
  },
  gather: ({ inputs: [indices], attributes }, [places], memory) => {
    const { data, elements, exampleShape, targets, examples }: Examples = attributes.from;
    const batch = indices!.shape[0]!;
    const features = size(exampleShape);
    const [rowWords, width] = [data.shape[1]!, targets.shape[1]!];
    const rows = memory.get(data);
    const example = (i: number, perRow: number): number | null => {
      const place = at(places!, Math.floor(i / perRow));
      return isUndecided(place) || place.value >= examples ? null : place.value;
    };
    const x = make(batch * features, (i) => {
      const row = example(i, features);
      if (row === null) return UNDECIDED;
      const k = i % features;
      if (elements !== 'bytes') return at(rows, row * rowWords + k);
      const byte = (rows.value[row * rowWords + (k >> 2)]! >>> (8 * (k & 3))) & 255;
      return { value: byte / 255, error: 3 * EPS };
    });
    const y = make(batch * width, (i) => {
      const row = example(i, width);
      return row === null ? UNDECIDED : at(memory.get(targets), row * width + (i % width));
    });
    return [x, y];
  },
  mergeMoments: ({ attributes: { into, batch } }, [batchMean, batchSquares], memory) => {
    const { mean, centredSquares, counters }: MomentState = into;
    const before = offsetOf(memory, counters);
    if (before === 0) {
      memory.set(mean, batchMean!);
      memory.set(centredSquares, batchSquares!);
      return [];
    }
    const [m, s] = [memory.get(mean), memory.get(centredSquares)];
    const share = quotient(batch, before + batch);
    const delta = (i: number): Bounded => subtract(at(batchMean!, i), at(m, i));
    memory.set(
      mean,
      make(mean.elements, (i) => add(at(m, i), multiply(delta(i), share))),
    );
    memory.set(
      centredSquares,
      make(mean.elements, (i) => {
        const between = multiply(multiply(delta(i), delta(i)), multiply(exact(before), share));
        return add(at(s, i), add(at(batchSquares!, i), between));
      }),
    );
    return [];
  },
  runningStatistics: ({ inputs: [mean], attributes }, [means, variances], memory) => {
    const { state, meanAt, varianceAt, countAt, momentum }: RunningStatistics = attributes.into;
    const channels = mean!.shape[0]!;
    const old = memory.get(state);
    // The count is an integer's bits among floats: known where the float is known to the bit.
    const place = at(old, countAt);
    const count = place.error === 0 ? bitsOf(place.value) : null;
    const cumulative = (): Bounded =>
      count === null ? UNDECIDED : quotient(1, Math.fround(Math.fround(count) + 1));
    const share = momentum === null ? cumulative() : exact(Math.fround(momentum));
    const unbiased = attributes.count / (attributes.count - 1);
    const rest = subtract(exact(1), share);
    memory.set(
      state,
      make(old.value.length, (i) => {
        const [m, v] = [i - meanAt, i - varianceAt];
        const mixed = (batch: Bounded): Bounded => add(multiply(rest, at(old, i)), multiply(share, batch));
        if (m >= 0 && m < channels) return mixed(at(means!, m));
        if (v >= 0 && v < channels) return mixed(scaled(at(variances!, v), unbiased));
        if (i !== countAt) return at(old, i);
        return count === null ? UNDECIDED : exact(floatOf(count + 1));
      }),
    );
    return [];
  },
  sgd: ({ attributes }, [gradient], memory) => {
    const { theta, velocity, rates, hyper, counters }: SgdState = attributes.state;
    const [weights, before] = [memory.get(theta), memory.get(velocity)];
    const step = memory.get(counters).value[0]!;
    const rate = at(memory.get(rates), step);
    const [momentum, dampening, decay, nesterov] = Array.from({ length: 4 }, (_, i) =>
      at(memory.get(hyper), i),
    );
    // Which way a step goes is decided by comparing these with 0; of a NaN WGSL leaves that open.
    const open = [momentum!, nesterov!].some((x) => !Number.isFinite(x.value) || isVague(x));
    const made = Array.from({ length: theta.elements }, (_, i) => {
      if (open) return { d: UNDECIDED, v: UNDECIDED };
      const d = add(at(gradient!, i), multiply(decay!, at(weights, i)));
      if (momentum!.value === 0) return { d, v: at(before, i) };
      const kept = multiply(momentum!, at(before, i));
      const v = step === 0 ? d : add(kept, multiply(subtract(exact(1), dampening!), d));
      return { d: nesterov!.value === 0 ? v : add(d, multiply(momentum!, v)), v };
    });
    memory.set(
      theta,
      make(theta.elements, (i) => subtract(at(weights, i), multiply(rate, made[i]!.d))),
    );
    memory.set(
      velocity,
      make(theta.elements, (i) => made[i]!.v),
    );
    return [];
  },
  adam: ({ attributes }, [gradient], memory) => {
    const { theta, expAvg, expAvgSq, maxExpAvgSq, rates, hyper, counters, decoupled }: AdamState =
      attributes.state;
    const t = memory.get(counters).value[0]! + 1;
    const rate = at(memory.get(rates), t - 1);
    const [beta1, rest1, log1, beta2, rest2, log2, eps, decay] = Array.from({ length: 8 }, (_, i) =>
      at(memory.get(hyper), i),
    );
    const [weights, first, second] = [theta, expAvg, expAvgSq].map((state) => memory.get(state));
    const stepSize = divide(rate, correction(log1!, t));
    const root = sqrt(correction(log2!, t));
    const made = Array.from({ length: theta.elements }, (_, i) => {
      const [value, g] = [at(weights!, i), at(gradient!, i)];
      const start = decoupled ? subtract(value, multiply(multiply(rate, decay!), value)) : value;
      const d = decoupled ? g : add(g, multiply(decay!, value));
      const m = add(multiply(beta1!, at(first!, i)), multiply(rest1!, d));
      const v = add(multiply(beta2!, at(second!, i)), multiply(multiply(rest2!, d), d));
      const w = maxExpAvgSq ? largerOf(at(memory.get(maxExpAvgSq), i), v) : v;
      const denominator = add(divide(sqrt(w), root), eps!);
      return { m, v, w, theta: subtract(start, divide(multiply(stepSize, m), denominator)) };
    });
    memory.set(
      theta,
      make(theta.elements, (i) => made[i]!.theta),
    );
    memory.set(
      expAvg,
      make(theta.elements, (i) => made[i]!.m),
    );
    memory.set(
      expAvgSq,
      make(theta.elements, (i) => made[i]!.v),
    );
    if (maxExpAvgSq) {
      memory.set(
        maxExpAvgSq,
        make(theta.elements, (i) => made[i]!.w),
      );
    }
    return [];
  },
  capture: ({ attributes }, _, memory) => {
    const { captures, ring, counters }: CaptureRing = attributes.of;
    const [weights, before] = [memory.get(attributes.theta), memory.get(ring)];
    const { elements } = attributes.theta as State;
    const first = (capturesBefore(captures, memory, counters) % ring.shape[0]!) * elements;
    memory.set(
      ring,
      make(ring.elements, (i) => {
        const from = i - first;
        return from >= 0 && from < elements ? at(weights, from) : at(before, i);
      }),
    );
    return [];
  },
  captureMean: ({ attributes }, _, memory) => {
    const { captures, ring, counters }: CaptureRing = attributes.of;
    const average: State = attributes.average;
    const { elements } = average;
    const all = memory.get(ring);
    const count = Math.min(ring.shape[0]!, capturesBefore(captures, memory, counters) + 1);
    memory.set(
      average,
      make(elements, (i) => {
        const first = at(all, i);
        const others = Array.from({ length: count - 1 }, (_, slot) =>
          subtract(at(all, (slot + 1) * elements + i), first),
        );
        return add(first, divide(sumOf(others), exact(count)));
      }),
    );
    return [];
  },
  swag: ({ attributes }, _, memory) => {
    const { captures, mean, squares, counters }: SwagState = attributes.into;
    const n = capturesBefore(captures, memory, counters);
    const [weights, before, sums] = [attributes.theta, mean, squares].map((state) => memory.get(state));
    if (n === 0) {
      memory.set(mean, weights!);
      memory.set(
        squares,
        make(squares.elements, () => exact(0)),
      );
      return [];
    }
    const after = make(mean.elements, (i) => towards(at(before!, i), at(weights!, i), quotient(1, n + 1)));
    const away = (from: Values, i: number): Bounded => subtract(at(weights!, i), at(from, i));
    memory.set(mean, after);
    memory.set(
      squares,
      make(squares.elements, (i) => add(at(sums!, i), multiply(away(before!, i), away(after, i)))),
    );
    return [];
  },
  average: ({ attributes }, _, memory) => {
    const { averaging, theta, average, counters } = attributes;
    const { start, every, kind }: RunningAverage = averaging;
    const n = capturesBefore({ start, every }, memory, counters);
    const [weights, before] = [memory.get(theta), memory.get(average)];
    if (n === 0) {
      memory.set(average, weights);
      return [];
    }
    const share =
      kind === 'ema' ? subtract(exact(1), exact(Math.fround(averaging.decay))) : quotient(1, n + 1);
    memory.set(
      average,
      make(theta.elements, (i) => towards(at(before, i), at(weights, i), share)),
    );
    return [];
  },
};

/** The word that holds a float32. */
function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}

/** The float32 that a word holds. */
function floatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0]!;
}
