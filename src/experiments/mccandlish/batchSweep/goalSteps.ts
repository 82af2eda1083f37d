/** After how many steps a loss that is looked at now and then comes down to each of several goals. */
export class GoalSteps {
  readonly #goals: readonly number[];
  readonly #steps: (number | null)[];
  #before: { readonly step: number; readonly loss: number } | null = null;
  #diverged = false;

  /** @param goals ascending: the hardest first */
  constructor(goals: readonly number[]) {
    this.#goals = goals;
    this.#steps = goals.map(() => null);
  }

  /** To each goal, between two looks by the logarithm of the loss; null where it is not come to. */
  get steps(): readonly (number | null)[] {
    return this.#steps;
  }

  /** To the hardest goal. */
  get last(): number | null {
    return this.#steps[0]!;
  }

  /** Whether there is nothing more to see. */
  get done(): boolean {
    return this.#diverged || this.#steps.every((steps) => steps !== null);
  }

  look(step: number, loss: number): void {
    if (this.done) return;
    if (!Number.isFinite(loss)) {
      this.#diverged = true;
      return;
    }
    const before = this.#before ?? { step, loss };
    this.#goals.forEach((goal, g) => {
      if (this.#steps[g] !== null || loss > goal) return;
      const share = loss === before.loss ? 1 : Math.log(before.loss / goal) / Math.log(before.loss / loss);
      this.#steps[g] = before.step + (step - before.step) * share;
    });
    this.#before = { step, loss };
  }
}
