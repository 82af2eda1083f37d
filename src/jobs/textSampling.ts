import type { Dataset } from '../data/dataset.ts';
import { symbolText, textSymbols } from '../data/symbolText.ts';
import type { Gpu } from '../gpu/device.ts';
import { InputError } from '../host/inputError.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { drawSymbol } from '../train/drawSymbol.ts';
import { TextSampler } from '../train/textSampler.ts';
import type { TrainingRun } from '../train/trainingRun.ts';
import type { ParsedTrainSpec } from './trainSpec.ts';

/** How a run's model is to go on with a text. */
export interface TextSampling {
  readonly prompt: readonly number[];
  /** Symbols that are drawn. */
  readonly length: number;
  readonly temperature: number;
  /** T: as many symbols as the model sees. */
  readonly context: number;
  /** V: logits at each position. */
  readonly outputs: number;
  /** Of the data, by which symbols are shown as text. */
  readonly symbols: number;
}

const FILE = 'train.json';

/**
 * `sample` of a train.json, for a model and its data.
 * @param output of one example of the data, as inferShapes has it
 * @throws InputError for a model that does not tell what comes next, or sees it, and a prompt that it cannot take
 */
export function textSampling(
  { length, prompt, temperature }: NonNullable<ParsedTrainSpec['sample']>,
  { layers }: ModelSpec,
  { name, symbols, exampleShape }: Pick<Dataset, 'name' | 'symbols' | 'exampleShape'>,
  output: readonly number[],
): TextSampling {
  const refuse = (reason: string): InputError => new InputError(FILE, 'sample', reason);
  const [first] = layers;
  if (symbols === undefined || output.length !== 2 || first?.type !== 'Embedding')
    throw refuse(
      `wants a model of sequences of symbols, with logits at each position; of ${name} this one is none`,
    );
  const seeing = layers.findIndex((layer) => layer.type === 'TransformerEncoderLayer' && !layer.causal);
  if (seeing >= 0)
    throw refuse(`wants a causal model, and layer ${seeing} sees what comes later: set its "causal"`);
  const [context, outputs] = output as [number, number];
  const rows = first.num_embeddings;
  if (outputs > rows)
    throw refuse(`draws one of ${outputs} symbols, and the Embedding has ${rows} rows to go on with`);
  const given = textSymbols(FILE, 'sample.prompt', prompt, symbols);
  const past = given.find((symbol) => symbol >= rows);
  if (past !== undefined)
    throw new InputError(
      FILE,
      'sample.prompt',
      `has symbol ${past}, expected less than the Embedding's ${rows} rows`,
    );
  if (exampleShape[0] !== context) throw refuse(`wants an output for each of the ${exampleShape[0]} inputs`);
  return { prompt: given, length, temperature, context, outputs, symbols };
}

/** What draws texts from the weights of a run as they are after all that was submitted. */
export class RunTexts {
  readonly #run: TrainingRun;
  readonly #sampling: TextSampling;
  readonly #sampler: TextSampler;

  private constructor(run: TrainingRun, sampling: TextSampling, sampler: TextSampler) {
    this.#run = run;
    this.#sampling = sampling;
    this.#sampler = sampler;
  }

  static async open(gpu: Gpu, run: TrainingRun, sampling: TextSampling): Promise<RunTexts> {
    const { layout, theta, arena, options } = run;
    const { context, outputs: symbols } = sampling;
    const of = { model: options.model, layout, theta, arena, context, symbols };
    return new RunTexts(run, sampling, await TextSampler.open(gpu, of));
  }

  /** A text of each replica: of its seed and the step, so that the run again gives it again. */
  async draw(step: number): Promise<string[]> {
    const { prompt, length, temperature, symbols } = this.#sampling;
    const { replicas } = this.#run.options;
    const texts = await this.#sampler.sample(prompt, length, (replica, logits, place) =>
      drawSymbol(logits, temperature, { seed: replicas[replica]!.seed, step, place }),
    );
    return texts.map((text) => symbolText(text, symbols));
  }

  dispose(): void {
    this.#sampler.dispose();
  }
}
