import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { GradientDraws } from '../gradient/gradientDraws.ts';
import { openLossesAround } from '../landscape/lossesAround.ts';
import type { Point } from '../pass.ts';
import type { LineSamples } from '../statistics/measuredRates.ts';

type Line = Awaited<ReturnType<typeof openLossesAround>>;

/** Which line searches are to be at a point. */
export interface RateSearchOptions {
  readonly batchSizes: readonly number[];
  /** Rates of a search. */
  readonly rates: number;
  /** Mini-batches of a search. */
  readonly draws: number;
  /** Of the mini-batches. */
  readonly seed: number;
}

/**
 * Line searches for ε at a point: the loss over all of its examples at θ − εg_B, for gradients g_B of mini-batches that are drawn from
 * them with replacement, and several ε at once (McCandlish et al. 2018, section 2.2).
 */
export class RateSearch {
  readonly #scope: Scope;
  readonly #draws: number;
  readonly #line: Line;
  readonly #gradients: GradientDraws;

  private constructor(scope: Scope, draws: number, line: Line, gradients: GradientDraws) {
    this.#scope = scope;
    this.#draws = draws;
    this.#line = line;
    this.#gradients = gradients;
  }

  /**
   * @throws where BatchNorm in train mode couples the examples
   * @throws LimitError if the activations at all rates pass what the adapter can bind
   */
  static open(
    gpu: Gpu,
    point: Point,
    { batchSizes, rates, draws, seed }: RateSearchOptions,
  ): Promise<RateSearch> {
    return Scope.make(async (scope) => {
      const line = scope.own(
        await openLossesAround(gpu, point, { directions: 1, points: 1 + rates, runs: draws }),
      );
      const into = line.span.directions;
      const gradients = scope.own(await GradientDraws.open(gpu, point, { batchSizes, seed, into }));
      return new RateSearch(scope, draws, line, gradients);
    });
  }

  /** Searches at one batch size; yields how many draws are done. @param rates ascending, as many as were said */
  async *at(batchSize: number, rates: readonly number[]): AsyncGenerator<number, LineSamples, void> {
    const { span, losses } = this.#line;
    // The loss at the point itself is taken by the same program: rounding falls out of the difference.
    span.setCoefficients([0, ...rates].map((rate) => [-rate]));
    for (let k = 0; k < this.#draws; k++) {
      this.#gradients.draw(batchSize);
      await losses.run();
      yield k + 1;
    }
    const draws = (await losses.read()).map(([start, ...after]) =>
      after.map(({ loss }) => loss - start!.loss),
    );
    return { batchSize, rates, draws };
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
