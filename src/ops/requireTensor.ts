import { State } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import type { Tensor } from './graph.ts';

/** What was given where a tensor or a state was expected, as messages name it. */
export function showGiven(given: unknown): string {
  if (given instanceof State) return `the state ${given.label}`;
  return isTensor(given) ? `a tensor ${showShape(given.shape)}` : showValue(given);
}

export function isTensor(given: unknown): given is Tensor {
  return typeof given === 'object' && given !== null && 'node' in given && 'shape' in given;
}

/**
 * Refuses what is no tensor: a state that was not read, a number, a null that stands for zero.
 * @param by the op that it was given to
 * @throws InputError
 */
export function requireTensor(by: string, what: string, given: unknown): void {
  if (isTensor(given)) return;
  let hint = '';
  if (given instanceof State) hint = '; read(state) makes one of it';
  if (typeof given === 'number') hint = '; fill(value, shape) makes one of a number';
  if (given instanceof Promise) hint = ': await it';
  if (given === null) hint = '; from jvp and vjp null stands for zero';
  throw new InputError(by, what, `${showGiven(given)}, expected a tensor${hint}`);
}

/** The same of all operands of an op, before it asks for their shapes. */
export function requireTensors(by: string, operands: readonly unknown[]): void {
  operands.forEach((operand, i) => {
    requireTensor(by, `operand ${i}`, operand);
  });
}
