import { compile } from '../autograd/compile.ts';
import type { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { submitInParts } from '../gpu/submitInParts.ts';
import { forward } from '../nn/forward.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { embedding } from '../ops/embedding.ts';
import { type FlatLayout, unpack } from '../ops/flat.ts';
import { Graph } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { reshape } from '../ops/reshape.ts';
import { store } from '../ops/state/store.ts';

/** The weights that a text is drawn from, and what the model takes. */
export interface SampledModel {
  readonly model: ModelSpec;
  readonly layout: FlatLayout;
  /** Flat [P], a replica for each text. */
  readonly theta: State;
  /** Positions of a sequence. */
  readonly context: number;
  /** V: logits at each position. */
  readonly symbols: number;
  readonly arena: Arena;
}

/** What comes next, given the symbols so far: of each replica the logits [V] at the last position, in eval mode. */
export class TextSampler {
  readonly #device: GPUDevice;
  readonly #scope: Scope;
  readonly #window: State;
  readonly #place: State;
  readonly #logits: State;
  readonly #program: Program;

  private constructor(
    device: GPUDevice,
    scope: Scope,
    parts: {
      readonly window: State;
      readonly place: State;
      readonly logits: State;
      readonly program: Program;
    },
  ) {
    this.#device = device;
    this.#scope = scope;
    this.#window = parts.window;
    this.#place = parts.place;
    this.#logits = parts.logits;
    this.#program = parts.program;
  }

  /** @param of a causal model, so that what lies behind the symbols so far is not seen */
  static open(
    gpu: Gpu,
    { model, layout, theta, context, symbols, arena }: SampledModel,
  ): Promise<TextSampler> {
    return Scope.make(async (scope) => {
      const { replicas } = theta;
      const window = scope.own(
        new State(gpu, { label: 'text window', shape: [1, context], dtype: 'u32', replicas }),
      );
      const place = scope.own(new State(gpu, { label: 'text place', shape: [1], dtype: 'u32' }));
      const logits = scope.own(new State(gpu, { label: 'text logits', shape: [1, symbols], replicas }));
      const graph = new Graph();
      const outputs = forward(model, unpack(read(graph, theta), layout), read(graph, window), {
        mode: 'eval',
        buffers: null,
      });
      store(logits, embedding(reshape(outputs, [context, symbols]), read(graph, place)));
      const program = scope.own(await compile(gpu, graph, { label: 'next symbol', replicas, arena }));
      return new TextSampler(gpu.device, scope, { window, place, logits, program });
    });
  }

  /**
   * Goes on with a text: of each replica so many symbols, each drawn given those before it, as far as the context reaches.
   * @param prompt at least one symbol
   * @param draw the next symbol of a replica, from its logits [V] and how many were drawn before
   */
  async sample(
    prompt: readonly number[],
    length: number,
    draw: (replica: number, logits: Float32Array, drawn: number) => number,
  ): Promise<number[][]> {
    const { replicas } = this.#logits;
    const context = this.#window.elements;
    const texts = Array.from({ length: replicas }, () => [...prompt]);
    for (let drawn = 0; drawn < length; drawn++) {
      const seen = Math.min(context, prompt.length + drawn);
      for (const [replica, text] of texts.entries()) {
        const newest = text.slice(-seen);
        this.#window.write(
          Uint32Array.from({ length: context }, (_, i) => newest[i] ?? 0),
          { replica },
        );
      }
      this.#place.write(Uint32Array.of(seen - 1));
      submitInParts(this.#device, [this.#program]).catch(() => {});
      await Promise.all(
        texts.map(async (text, replica) => {
          text.push(draw(replica, await this.#logits.read(replica), drawn));
        }),
      );
    }
    return texts.map((text) => text.slice(prompt.length));
  }

  get program(): Program {
    return this.#program;
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
