/** The steps after which a run's weights are taken into an average, counted from 1: start, start + every, … */
export interface CaptureSteps {
  readonly start: number;
  readonly every: number;
}

/** Whether the weights after step s are captured: s ≥ start, and s − start a multiple of `every`. */
export function captures({ start, every }: CaptureSteps, step: number): boolean {
  return step >= start && (step - start) % every === 0;
}

/** How many captures a run of so many steps has taken. */
export function captureCount({ start, every }: CaptureSteps, steps: number): number {
  return steps < start ? 0 : Math.floor((steps - start) / every) + 1;
}
