/** The data sets that a form offers by name. */
export const dataSets = [
  { name: 'mnist', label: 'MNIST (60 000 + 10 000 digits)' },
  { name: 'fashion-mnist', label: 'Fashion-MNIST (60 000 + 10 000 clothes)' },
  { name: 'gaussian-clusters', label: 'Gaussian clusters (synthetic)' },
] as const;
