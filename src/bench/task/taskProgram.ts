import { perceptron, transposed } from '../basinPerceptron.ts';
import { mlpTask } from '../benchCase.ts';

/** Tensors of a state dict, weights [out, in] as PyTorch has them. */
export type NamedTensors = Readonly<
  Record<string, { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }>
>;

/** Values by tensor name, row-major: a Map or a record, as a library has it. */
export type NamedValues = ReadonlyMap<string, Float32Array> | Readonly<Record<string, Float32Array>>;

/** What a program of bench/peers/task starts from: a 784-128-10 perceptron at a point, a batch, a direction. */
export interface TaskInput {
  /** [B, 784]. */
  readonly x: Float32Array;
  /** [B], class indices. */
  readonly labels: Uint32Array;
  readonly weights: NamedTensors;
  readonly direction: NamedTensors;
}

/** What such a program gives, in host memory. */
export interface TaskParts {
  /** Of the mean loss. */
  gradient(): Promise<NamedValues>;
  /** The Hessian of the mean loss times the direction. */
  hessianProduct(): Promise<NamedValues>;
  /** Σₙ (gₙ − ḡ)²/(B − 1) of every coordinate of the examples' gradients, and the sum over coordinates, tr Σ. */
  variance(): Promise<{ readonly diagonal: NamedValues; readonly trace: number }>;
  /** Frees what it has on the device. */
  close(): void | Promise<void>;
}

/** A file of bench/peers/task, written as a user of the library would. */
export interface TaskProgram {
  /** Takes a device, uploads. */
  open(input: TaskInput): Promise<TaskParts>;
}

export const TASK_PARTS = ['gradient', 'hessianProduct', 'variance'] as const;
export type TaskPart = (typeof TASK_PARTS)[number];

/** One part's numbers. */
export interface PartResult {
  /** Flat, in the order w1, b1, w2, b2, weights [in, out]: as `src/reference/mlp.ts` has them. */
  readonly values: Float32Array;
  /** tr Σ, of the variance. */
  readonly trace?: number;
}

/** The same bits on each call. */
export function taskInput(batch: number): TaskInput {
  const task = mlpTask('hvp', batch);
  const named = (of: Parameters<typeof perceptron>[1]): NamedTensors => {
    const { layout, values } = perceptron(task, of);
    return Object.fromEntries(
      layout.entries.map(({ name, shape }) => [name, { dtype: 'F32', shape, data: values.get(name)! }]),
    );
  };
  return { x: task.x, labels: task.labels, weights: named(task), direction: named(task.v) };
}

/** Computes one part. @throws what the program throws */
export async function computePart(
  parts: TaskParts,
  part: TaskPart,
): Promise<{ named: NamedValues; trace?: number }> {
  if (part !== 'variance') return { named: await parts[part]() };
  const { diagonal, trace } = await parts.variance();
  return { named: diagonal, trace };
}

/** @throws if a tensor is missing */
export function partValues(named: NamedValues, { weights }: TaskInput): Float32Array {
  const tensors = Object.entries(weights).map(([name, { shape }]) => {
    const values = named instanceof Map ? named.get(name) : (named as Record<string, Float32Array>)[name];
    if (!values) throw new Error(`the result has no ${name}`);
    const [rows, columns] = shape;
    return columns === undefined ? values : transposed(values, rows!, columns);
  });
  return Float32Array.from(tensors.flatMap((values) => Array.from(values)));
}
