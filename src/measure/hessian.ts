/** The Hessian of the mean loss over a data set, as an operator: what `open` gives where no other matrix is asked for. */
export { CurvatureOperator as Hessian } from './operator.ts';
