/** What others have published about tools of theirs: on their hardware, with their frameworks, not measured here. */
export interface PublishedCost {
  readonly tool: string;
  readonly what: string;
  readonly setting: string;
  /** Over one gradient or one training step of their own, as they give it. */
  readonly cost: string;
}

const CURVLINOPS = 'RTX A6000, PyTorch 2.10, eager / compiled';
const COCKPIT = 'RTX 2080 Ti, over a plain step';

/**
 * curvlinops: its committed benchmark data. Cockpit (Schneider et al. 2021): its authors' raw tables. BackPACK (Dangel
 * et al. 2020): its paper plots such costs without numbers; Cockpit's per-example quantities are BackPACK's.
 */
export const PUBLISHED_COSTS: readonly PublishedCost[] = [
  { tool: 'curvlinops', what: 'H·v, MLP, B = 512', setting: CURVLINOPS, cost: '5.3 × / 1.06 ×' },
  { tool: 'curvlinops', what: 'H·v, ResNet-18 CIFAR, B = 512', setting: CURVLINOPS, cost: '7.9 × / 2.2 ×' },
  { tool: 'curvlinops', what: 'H·v, ResNet-50 ImageNet, B = 64', setting: CURVLINOPS, cost: '4.9 × / 2.8 ×' },
  {
    tool: 'BackPACK',
    what: 'first-order extensions, 3C3D and All-CNN-C',
    setting: 'in words',
    cost: '"little overhead"',
  },
  {
    tool: 'Cockpit',
    what: 'norm / inner-product / orthogonality test, MNIST MLP',
    setting: COCKPIT,
    cost: '1.67 / 1.79 / 1.78 ×',
  },
  {
    tool: 'Cockpit',
    what: 'the same, CIFAR-10 3C3D',
    setting: COCKPIT,
    cost: '1.16 / 1.22 / 1.22 ×',
  },
  { tool: 'Cockpit', what: 'λ_max at every step, MNIST MLP', setting: COCKPIT, cost: '27 ×' },
  { tool: 'Cockpit', what: 'λ_max at every step, CIFAR-10 3C3D', setting: COCKPIT, cost: '7.1 ×' },
  {
    tool: 'Cockpit',
    what: 'all instruments every 64 steps, MNIST MLP',
    setting: COCKPIT,
    cost: '3.1 ×',
  },
  {
    tool: 'Cockpit',
    what: 'all instruments every 64 steps, CIFAR-10 3C3D',
    setting: COCKPIT,
    cost: '1.30 ×',
  },
];
