import type { ChannelView } from '../../../src/ops/channelView.ts';
import { add, type Bounded, exact, inverseSqrt, multiply, scaled, subtract, sumOf } from './bounded.ts';
import type { Rule } from './rule.ts';
import { centredSquares } from './sums.ts';
import { at, make, type Values } from './values.ts';

/** Channel of each element, and the elements of each channel. */
function channelsOf({ outer, channels, inner }: ChannelView) {
  const of = (i: number): number => Math.floor(i / inner) % channels;
  const members: number[][] = Array.from({ length: channels }, () => []);
  for (let i = 0; i < outer * channels * inner; i++) members[of(i)]!.push(i);
  return { of, members };
}

function perChannel(view: ChannelView, make_: (members: readonly number[]) => Bounded): Values {
  const { members } = channelsOf(view);
  return make(view.channels, (c) => make_(members[c]!), view.outer * view.inner);
}

/** Σ d, Σ d∘y, and s·(d − mean(d) − y·mean(d∘y)) for one channel. */
function tangent(members: readonly number[], d: Values, y: Values, s: Bounded): Map<number, Bounded> {
  const share = 1 / members.length;
  const mean = scaled(sumOf(members.map((i) => at(d, i))), share);
  const along = scaled(sumOf(members.map((i) => multiply(at(d, i), at(y, i)))), share);
  const terms = members.length;
  return new Map(
    members.map((i) => {
      const rest = subtract(subtract(at(d, i), mean, terms), multiply(at(y, i), along), terms);
      return [i, multiply(s, rest)];
    }),
  );
}

export const norms: Readonly<Record<string, Rule>> = {
  channelSum: ({ attributes: { view } }, [x]) => [
    perChannel(view, (members) => sumOf(members.map((i) => at(x!, i)))),
  ],
  channelDot: ({ attributes: { view } }, [x, y]) => [
    perChannel(view, (members) => sumOf(members.map((i) => multiply(at(x!, i), at(y!, i))))),
  ],
  scaleShift: ({ attributes: { view } }, [x, w, b]) => {
    const { of } = channelsOf(view);
    return [
      make(x!.value.length, (i) => {
        const scaled_ = multiply(at(x!, i), at(w!, of(i)));
        return b ? add(scaled_, at(b, of(i))) : scaled_;
      }),
    ];
  },
  standardize: ({ attributes: { view } }, [x, mean, s]) => {
    const { of } = channelsOf(view);
    return [make(x!.value.length, (i) => multiply(subtract(at(x!, i), at(mean!, of(i))), at(s!, of(i))))];
  },
  normalize: ({ attributes: { view, eps } }, [x]) => {
    const { of, members } = channelsOf(view);
    const made = members.map((places) => {
      const run = places.map((i) => at(x!, i));
      const { mean, squares } = centredSquares(run);
      const variance = scaled(squares, 1 / places.length);
      return { mean, variance, s: inverseSqrt(add(variance, exact(Math.fround(eps)))) };
    });
    const channel = (of_: (c: (typeof made)[number]) => Bounded): Values =>
      make(made.length, (c) => of_(made[c]!));
    return [
      make(x!.value.length, (i) => {
        const { mean, s } = made[of(i)]!;
        return multiply(subtract(at(x!, i), mean), s);
      }),
      channel((c) => c.mean),
      channel((c) => c.variance),
      channel((c) => c.s),
    ];
  },
  normalizeTangent: ({ attributes: { view } }, [d, y, s]) => {
    const { of, members } = channelsOf(view);
    const made = members.map((places, c) => tangent(places, d!, y!, at(s!, c)));
    return [make(d!.value.length, (i) => made[of(i)]!.get(i)!)];
  },
};
