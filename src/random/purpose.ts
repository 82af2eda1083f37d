/**
 * The second word of every Threefry key: what a stream of random numbers is for. Two purposes never share a
 * stream, however alike their counters; a new purpose takes a number of its own here. Kernels repeat theirs as a
 * constant, and the device tests compare the two.
 */
export const purpose = {
  /** Keys of the epoch permutation; counter = (epoch, 0). */
  shuffle: 1,
  /** Examples drawn with replacement; counter = (step, position in the batch). */
  iid: 2,
  /** Signs of the examples in probes of tr(HΣ); counter = (block of 64 examples, probe). */
  exampleSigns: 3,
  /** Signs of the parameters in probes of tr H; counter = (block of 64 of the flat vector, probe). */
  parameterSigns: 5,
  /** Signs of the parameters in the sketch of Hutch++; counter = (block of 64 of the flat vector, column). */
  sketchSigns: 8,
  /** The vector from which a Krylov space starts; counter = (products before, element / 2). */
  krylovStart: 6,
  /** The one by which it goes on where it is invariant; counter = (step, element / 2). */
  krylovRestart: 7,
  /** Seeds of single purposes that follow from a run's; counter = (number of the purpose, 0). */
  seeds: 0x0000_8000,
  /** What is mixed into the vector that follows an eigenvalue; counter = (look, element / 2). */
  followedMix: 9,
  /** Normal numbers of a vector of parameters; counter = (element of the flat vector, 0). */
  parameterNormals: 10,
  /** Directions of a landscape's rays; counter = (element of the flat vector, ray). */
  rays: 11,
  /** Columns of a random subspace; counter = (element of the flat vector, column). */
  subspaceColumns: 12,
  /** Where a search for the largest loss in a box begins; counter = (0 in full space, 1 in a subspace; coordinate / 2). */
  sharpnessStart: 13,
  /** Seeds of an experiment's parts, by the replicate's own; counter = (part, 0). */
  experimentPart: 32,
  /** The seed of the permutation whose first examples are a subset; counter = (0, 0). */
  subset: 64,
  /** Labels that are replaced by others; counter = (example, 0): whether it is, and by which. */
  labelNoise: 65,
  /** How the images of a batch are shifted and flipped; counter = (step, position in the batch). */
  augmentation: 66,
  /** Orders with which a file's is compared; counter = (draw / 2, 0), a word for each of two draws. */
  unitOrder: 48,
  /** Symbols of a text that a model goes on with; counter = (step of the run, symbol of the text). */
  text: 49,
  /** Initial weights: this plus the tensor's place in the state dict; counter = (element, 0). */
  initialWeights: 0x0001_0000,
  /** Synthetic data sets: this plus a number of the data set's own; counter = (element, example). */
  syntheticData: 0x0002_0000,
  /** What Dropout drops: this plus the layer's index; counter = (step, element / 2), a word for each of two elements. */
  dropout: 0x0004_0000,
  /** Between the Dropouts of one layer that has several, as a Transformer's. */
  dropoutPart: 0x0001_0000,
} as const;
