import { check, choice, type Field, kernelsOf, optional, text, vector, weights } from '../fields/field.ts';
import { above, atLeast, list, number, several, wholeNumber } from '../parseNumbers.ts';

/** Fields that stand together. */
export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly Field[];
}

const SEED = text('seed', 'Seed of what is random', '0', wholeNumber(0, 2 ** 32 - 1));

/** The matrices whose spectrum is measured, by the names of the command line. */
export const OPERATORS = ['hessian', 'gauss-newton', 'empirical-fisher'] as const;

/** What both jobs are of. */
export const POINT: FieldGroup = {
  title: 'Weights',
  fields: [
    weights('weights', 'Weights'),
    check('weights_by_order', 'Match modules of other names by shapes and order'),
    check('eval', 'BatchNorm in eval mode, not in train mode'),
    SEED,
    kernelsOf,
  ],
};

/** What `basin measure` is asked for, with its cost. */
export const MEASURE: readonly FieldGroup[] = [
  {
    title: 'Noise and curvature along the gradient',
    fields: [
      text(
        'probes',
        'Random vectors behind each trace',
        '16',
        wholeNumber(2),
        'Each costs about a pass, a wave of them shares one.',
      ),
      check(
        'exact',
        'Exact traces, not from probes',
        'Costs a second derivative an example and, for tr H, a parameter.',
      ),
      check('tests', 'Norm, inner-product and orthogonality test', 'A fourth look at the data.', true),
      check('signal_to_noise', 'Signal-to-noise ratio', '16 more passes, each over a sixteenth of the data.'),
      vector(
        'hvp',
        'Vector that the Hessian is multiplied by',
        'A safetensors file by the parameters’ names; H·v is saved with the gradient. One pass.',
      ),
      check('batch_sharpness', 'Sharpness along the gradient', 'Costs nothing more.'),
    ],
  },
  {
    title: 'Spectrum',
    fields: [
      choice('operator', 'Matrix', OPERATORS),
      optional(
        'eigenvalues',
        'Largest eigenvalues',
        '5',
        wholeNumber(1),
        'How many; some tens of products H·v, each 1.4 to 2.7 gradients.',
      ),
      optional('smallest', 'Smallest eigenvalues', '', wholeNumber(1), 'As many products again.'),
      check('trace', 'Trace', 'As many vᵀHv as there are random vectors.', true),
      check('density', 'Spectral density', 'Starts × steps products H·v: 512 unless changed.', true),
      text('starts', '… random starts', '8', wholeNumber(2)),
      text('steps', '… Lanczos steps from each', '64', wholeNumber(1)),
      optional('log_det', 'ln det(H + shift·I), with the shift', '', number, 'The products of the density.'),
    ],
  },
  {
    title: 'Examples and units',
    fields: [
      optional(
        'histogram',
        'Histogram of the gradients’ elements, bins',
        '',
        wholeNumber(1),
        'One more look; 101 is usual.',
      ),
      optional(
        'histogram_parameters',
        '… also by the parameter’s value, bins',
        '',
        wholeNumber(1),
        '20 is usual.',
      ),
      optional(
        'ghost_batch',
        'Examples of a unit',
        '',
        wholeNumber(1),
        'Each so many examples a batch of its own, as BatchNorm in train mode needs it.',
      ),
      choice('ghost_order', 'Order of the examples in units', ['file', 'shuffle']),
    ],
  },
];

/** What `basin sharpness` is asked for. */
export const SHARPNESS: FieldGroup = {
  title: 'Sharpness',
  fields: [
    text('epsilon', 'ε of Keskar’s box', '1e-3, 5e-4', (text) => several(list(text, above(0)), 'a number')),
    optional(
      'subspace',
      '… also in a random subspace of dimension',
      '',
      wholeNumber(1),
      'As many gradients again.',
    ),
    text(
      'iterations',
      'Iterations of each solver',
      '10',
      wholeNumber(1),
      'About 6 gradients a box for each iteration.',
    ),
    text('rho', 'ρ of SAM', '0.05', above(0)),
    text('adaptive_rho', 'ρ of ASAM', '0.5', above(0)),
    text('eta', 'η of ASAM', '0', atLeast(0)),
  ],
};

/** Whether the sharpness is measured as well. */
export const WITH_SHARPNESS: Field = check(
  'sharpness',
  'Measure the sharpness too',
  'Keskar’s φ, SAM’s and ASAM’s rise.',
  true,
);

export const ALL_FIELDS: readonly Field[] = [
  ...POINT.fields,
  ...MEASURE.flatMap(({ fields }) => fields),
  WITH_SHARPNESS,
  ...SHARPNESS.fields,
];
