/** How long a run of the study is, in steps. */
export interface Budget {
  /** c, of a cycle: weights are captured after each. */
  readonly cycle: number;
  /** Of the budget 1: a whole number of cycles, three quarters of it too. */
  readonly steps: number;
}

/** ε of the study's arms. */
export interface Rates {
  /** ε₀, of the trunk. */
  readonly lr: number;
  /** ε of the constant arm, and the first of each cycle of the cyclic one, α₁, over ε₀. */
  readonly constant: number;
  readonly cyclic: number;
  /** ε over ε₀ at the end of a decay and of each cycle, α₂, and of the arm that hardly moves. */
  readonly least: number;
}

/** Budgets of the study over that of plain SGD. */
export const BUDGETS = [1, 1.25, 1.5] as const;

/** The arms after the trunk: what their ε does from there on. */
export const ARMS = ['sgd 1', 'still', 'constant', 'cyclic', 'sgd 1.25', 'sgd 1.5'] as const;
export type Arm = (typeof ARMS)[number];

/** Steps of the trunk, which all arms share. */
export function trunkSteps({ steps }: Budget): number {
  return 0.75 * steps;
}

/** Steps of the longest budget. */
export function allSteps({ steps }: Budget): number {
  return steps * BUDGETS.at(-1)!;
}

/**
 * ε of every step up to the longest budget. All arms have ε₀ over the trunk. `sgd b` decays linearly over the last quarter of the budget b;
 * `constant` stays at its rate; `cyclic` falls linearly over each cycle (Izmailov et al. 2018, section 3.1); `still` is at the least rate at once.
 */
export function armRates(arm: Arm, budget: Budget, { lr, constant, cyclic, least }: Rates): Float32Array {
  const trunk = trunkSteps(budget);
  const share = (step: number): number => {
    if (step <= trunk) return 1;
    switch (arm) {
      case 'still':
        return least;
      case 'constant':
        return constant;
      case 'cyclic': {
        const t = (((step - trunk - 1) % budget.cycle) + 1) / budget.cycle;
        return (1 - t) * cyclic + t * least;
      }
      default: {
        const total = Number(arm.slice(4)) * budget.steps;
        const decayed = Math.min(1, Math.max(0, (step - 0.75 * total) / (0.25 * total)));
        return 1 - (1 - least) * decayed;
      }
    }
  };
  return Float32Array.from({ length: allSteps(budget) }, (_, i) => lr * share(i + 1));
}
