export const CONTINUED_POPULATION =
  'perceptrons of two hidden layers of 64 rectifiers on 1,000 images of Fashion-MNIST at 14 × 14, a tenth of the labels wrong, by Adam with constant ε; without BatchNorm';

export const CONTINUED_UNIT =
  'a trunk with a subset, label noise and initial weights of its own; its runs share these';
