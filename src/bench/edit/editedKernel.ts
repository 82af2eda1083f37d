import { reflectWgsl } from '../../build/reflectWgsl.ts';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelInterface, KernelSource } from '../../gpu/kernelSource.ts';
import { knobLiterals } from '../../gpu/specialise.ts';
import { EditRefusal } from './editRefusal.ts';
import { gridFormula } from './gridFormula.ts';
import type { EditedText } from './kernelEditReport.ts';
import { placeLiterals } from './placeKnobs.ts';

type Knobs = Readonly<Record<string, number | boolean>>;

/**
 * A text that takes the place of a shipped kernel wherever that is planned. It has that kernel's bindings and parameters, or fewer; knobs that the text
 * leaves as they were follow the plan of each shape, others have the value that it gives them.
 */
export class EditedKernel {
  readonly #text: string;
  readonly #shipped: KernelSource;
  readonly #own: KernelInterface;
  /** What stood in the block of knobs when the text was opened. */
  readonly #opened: ReadonlyMap<string, string>;
  readonly #grid: EditedText['grid'];
  readonly #sources = new Map<string, KernelSource>();

  /**
   * @param knobs with which the text was opened
   * @throws EditRefusal for a text that is no such kernel
   */
  constructor(shipped: KernelSource, knobs: Knobs, { text, grid }: EditedText) {
    this.#text = text;
    this.#shipped = shipped;
    this.#opened = knobLiterals(shipped, knobs);
    this.#grid = grid;
    this.#own = reflected(shipped, text);
  }

  /**
   * For a trial: puts the text where the shipped kernel is planned. @param followed as the race detector follows it: loops as they are
   * written, each line where the text has it
   */
  substitute({ followed = false } = {}): (call: KernelCall) => KernelCall {
    return (call) => {
      if (call.source.name !== this.#shipped.name) return call;
      const literals = this.#literals(call.knobs);
      const { params } = call;
      const [x, y] = this.#grid;
      const values = { ...params, ...constants(placeLiterals(this.#text, literals)) };
      const grid = [x, y].map((formula, i) =>
        formula.trim() === '' ? call.grid[i]! : workgroups('xy'[i]!, formula, values),
      ) as [number, number];
      return { source: this.#source(literals, followed), params, grid };
    };
  }

  #literals(planned: Knobs | undefined): ReadonlyMap<string, string> {
    const wanted = knobLiterals(this.#shipped, planned);
    return new Map(
      Object.entries(this.#own.knobs).map(([name, { value }]) => {
        const untouched = value === this.#opened.get(name);
        return [name, untouched ? wanted.get(name)! : value];
      }),
    );
  }

  #source(literals: ReadonlyMap<string, string>, followed: boolean): KernelSource {
    const key = `${followed} ${[...literals.values()].join(' ')}`;
    const known = this.#sources.get(key);
    if (known) return known;
    const placed = placeLiterals(this.#text, literals);
    const own = this.#own;
    const knobs = Object.entries(own.knobs).map(([name, { type }]) => [
      name,
      { type, value: literals.get(name)! },
    ]);
    const code = followed ? withoutComments(placed) : placed;
    const made: KernelSource = {
      ...own,
      knobs: followed ? {} : Object.fromEntries(knobs),
      version: 'edited',
      ofUser: { folds: /@builtin\s*\(\s*num_workgroups\s*\)/.test(placed) },
      code: async () => code,
    };
    this.#sources.set(key, made);
    return made;
  }
}

/** Comments would hide a block's first statement from the detector, and marks would be obeyed. */
function withoutComments(code: string): string {
  return code.replace(/\/\/.*$/gm, '');
}

function workgroups(axis: string, formula: string, values: Readonly<Record<string, number>>): number {
  try {
    return gridFormula(formula, values);
  } catch (error) {
    throw new EditRefusal(`Workgroups along ${axis}: ${(error as Error).message}`);
  }
}

/** Whole constants of a text, by name. */
function constants(code: string): Record<string, number> {
  const found = code.matchAll(/^const (\w+)\s*(?::\s*[ui]32)?\s*=\s*(\d+)[ui]?;/gm);
  return Object.fromEntries([...found].map(([, name, value]) => [name!, Number(value)]));
}

/** @throws EditRefusal where the text asks for what the shipped kernel is not given */
function reflected(shipped: KernelSource, text: string): KernelInterface {
  const lineOf = (found: RegExp | undefined): number => {
    const at = found ? text.search(found) : -1;
    return at < 0 ? 0 : text.slice(0, at).split('\n').length;
  };
  const refuse = (reason: string, found?: RegExp): never => {
    const line = /\(line (\d+)\)$/.exec(reason)?.[1];
    throw new EditRefusal(reason, line === undefined ? lineOf(found) : Number(line));
  };
  const own = reflectWgsl(shipped.name, text, refuse);
  for (const { name, binding, access } of own.bindings) {
    const where = new RegExp(`\\bvar(<[^>]*>)?\\s+${name}\\b`);
    const given = shipped.bindings.find((each) => each.name === name);
    if (!given) {
      const names = shipped.bindings.map((each) => each.name).join(', ');
      return refuse(`nothing is bound to ${name}: the shipped kernel has ${names}`, where);
    }
    if (given.binding !== binding)
      refuse(`${name} is at binding ${binding}, expected ${given.binding}`, where);
    if (given.access !== access) refuse(`${name} is ${access}, expected ${given.access}`, where);
  }
  for (const { name, type } of own.params) {
    const given = shipped.params.find((each) => each.name === name);
    const where = new RegExp(`\\b${name}\\s*:`);
    if (!given) {
      const names = shipped.params.map((each) => each.name).join(', ');
      return refuse(`no value is known for Params.${name}: the shipped kernel has ${names}`, where);
    }
    if (given.type !== type) refuse(`Params.${name} is ${type}, expected ${given.type}`, where);
  }
  return own;
}
