import { compile, kernelTarget } from '../autograd/compile.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Candidate } from '../gpu/kernelChoice.ts';
import { orLost } from '../gpu/orLost.ts';
import type { Program } from '../gpu/program.ts';
import { State } from '../gpu/state.ts';
import { Graph, read, store, type Tensor } from '../ops/index.ts';
import { type Deviation, deviation, sameBits } from './deviation.ts';
import type { Trial, Values } from './trial.ts';

/** How one kernel did at one shape. */
export interface SelftestRow {
  /** Path below `shaders/`. */
  readonly kernel: string;
  /** The knobs that the planner chose. */
  readonly variant: string;
  readonly case: string;
  /** The error that is the largest part of what is allowed, and what is allowed there; null if a number is missing. */
  readonly worstError: number | null;
  readonly tolerance: number;
  /** A second run gave the same bits. */
  readonly deterministic: boolean;
  readonly ok: boolean;
  /** Why there is no number: the kernel does not compile here, say. */
  readonly error?: string;
  /** Of both runs, with upload and read-back, without compilation. */
  readonly milliseconds: number;
}

/** A trial whose kernels are compiled. */
export interface PreparedTrial {
  readonly trial: Trial;
  readonly program: Program;
  readonly operands: readonly { readonly name: string; readonly state: State }[];
  /** Results, then changed operands. */
  readonly compared: readonly State[];
  dispose(): void;
}

/** Stands in results before a run, so that an element that no kernel writes is seen. */
const UNWRITTEN = { f32: -1.5e30, u32: 0xdeadbeef } as const;

/**
 * The trials that have something of their own on this adapter (on a GPU, planning as for a GPU is planning: of two that differ
 * in that only, one is left), and where one asks for every variant, one for each.
 */
export function trialsFor(gpu: Gpu, trials: readonly Trial[]): Trial[] {
  const isGpu = kernelTarget(gpu).kind === 'gpu';
  const twin = ({ kernel, name }: Trial): string => `${kernel} ${name}`;
  const plain = new Set(trials.filter(({ asGpu }) => !asGpu).map(twin));
  return trials
    .filter((trial) => !trial.asGpu || !isGpu || !plain.has(twin(trial)))
    .filter((trial) => trial.runsOn?.(kernelTarget(plannedFor(gpu, trial))) ?? true)
    .flatMap((trial) => {
      if (!trial.everyVariant || !trial.candidates) return [trial];
      const [, ...others] = trial.candidates(kernelTarget(plannedFor(gpu, trial)));
      const forced = ({ name: variant }: Candidate): Trial => ({
        ...trial,
        variant,
        name: `${trial.name}, ${variant}`,
      });
      return [trial, ...others.map(forced)];
    });
}

/** The device as the planner shall see it: no one's measurements, and the variant that the trial asks for. */
function plannedFor(gpu: Gpu, { asGpu, variant, prefers = variant }: Trial): Gpu {
  const info = asGpu ? { ...gpu.info, software: false } : gpu.info;
  return { ...gpu, info, kernels: prefers === undefined ? undefined : { wanted: () => prefers } };
}

/** @throws with the kernel and the compiler's message where WGSL is refused; if the trial's variant is none here. */
export async function prepareTrial(gpu: Gpu, trial: Trial): Promise<PreparedTrial> {
  const { replicas, variant, unfused, substitute } = trial;
  const planned = plannedFor(gpu, trial);
  if (variant !== undefined && !trial.candidates?.(kernelTarget(planned)).some((c) => c.name === variant)) {
    throw new Error(`${trial.kernel} ${trial.name}: there is no variant ${variant} on this adapter`);
  }
  const graph = new Graph();
  const arena = new Arena(gpu);
  const tensors: Record<string, Tensor> = {};
  const states: Record<string, State> = {};
  for (const [label, { shape, values, shared }] of Object.entries(trial.operands)) {
    const dtype = values(0) instanceof Uint32Array ? 'u32' : 'f32';
    states[label] = new State(gpu, { label, shape, dtype, replicas: shared ? undefined : replicas });
    tensors[label] = read(graph, states[label]);
  }
  const results = trial.trace(tensors, states, graph).map((tensor, i) => {
    const state = new State(gpu, {
      label: `result ${i}`,
      shape: tensor.shape,
      dtype: tensor.dtype,
      replicas: tensor.replicated ? replicas : undefined,
    });
    store(state, tensor);
    return state;
  });
  const program = await compile(planned, graph, {
    label: `${trial.kernel} ${trial.name}`,
    replicas,
    arena,
    unfused,
    substitute,
  });
  const operands = Object.entries(states).map(([name, state]) => ({ name, state }));
  const changed = operands.filter(({ name }) => trial.operands[name]!.changed).map(({ state }) => state);
  return {
    trial,
    program,
    operands,
    compared: [...results, ...changed],
    dispose() {
      program.dispose();
      arena.dispose();
      for (const state of [...results, ...Object.values(states)]) state.dispose();
    },
  };
}

/** The row of a trial that could not be run. */
export function failedTrial({ kernel, name }: Trial, { message }: Error): SelftestRow {
  return {
    kernel: [kernel].flat().join(' or '),
    variant: '',
    case: name,
    worstError: null,
    tolerance: 0,
    deterministic: false,
    ok: false,
    error: message,
    milliseconds: 0,
  };
}

/** How the numbers of a trial compare with its reference. */
export interface TrialCheck {
  readonly ok: boolean;
  /** A second run gave the same bits. */
  readonly deterministic: boolean;
  /** Of the element whose error is the largest part of what is allowed. */
  readonly worst: Deviation;
}

/** Runs a trial twice from the same start, and compares the runs with each other and with the reference. */
export async function runTrial(gpu: Gpu, prepared: PreparedTrial): Promise<SelftestRow> {
  const { trial, program } = prepared;
  const started = performance.now();
  const results = await runTwice(gpu, prepared);
  const milliseconds = performance.now() - started;
  const { ok, deterministic, worst } = compared(prepared, results);
  const { kernel, variant } = kernelOf(trial, program);
  return {
    kernel,
    variant,
    case: trial.name,
    worstError: Number.isFinite(worst.error) ? worst.error : null,
    tolerance: worst.tolerance,
    deterministic,
    ok,
    milliseconds: Math.round(1000 * milliseconds) / 1000,
  };
}

/** The same, with the place of the largest error. */
export async function checkTrial(gpu: Gpu, prepared: PreparedTrial): Promise<TrialCheck> {
  return compared(prepared, await runTwice(gpu, prepared));
}

/** Runs a trial once and compares it with the reference: on what emulates a device, a second run costs as much as the first. */
export async function checkOnce(gpu: Gpu, prepared: PreparedTrial): Promise<TrialCheck> {
  const values = await run(gpu, prepared);
  return compared(prepared, [values, values]);
}

/** Both are submitted before the first is waited for: some implementations look for finished work only now and then. */
function runTwice(gpu: Gpu, prepared: PreparedTrial): Promise<[Values[], Values[]]> {
  return Promise.all([run(gpu, prepared), run(gpu, prepared)]);
}

function compared(
  { trial, compared }: PreparedTrial,
  [first, second]: readonly [readonly Values[], readonly Values[]],
): TrialCheck {
  const deterministic = first.every((values, i) => sameBits(values, second[i]!));
  let worst: Deviation | undefined;
  for (let replica = 0; replica < trial.replicas; replica++) {
    const values = Object.fromEntries(
      Object.entries(trial.operands).map(([name, o]) => [name, o.values(o.shared ? 0 : replica)]),
    );
    const expected = trial.expect(values);
    if (expected.length !== compared.length) {
      throw new Error(
        `${trial.kernel}: ${expected.length} results are expected, the trial has ${compared.length}`,
      );
    }
    let at = 0;
    compared.forEach((state, i) => {
      const found = first[at + (state.replicated ? replica : 0)]!;
      at += state.replicas;
      const here = { ...deviation(found, expected[i]!), result: i, replica };
      // Of two that are exact, the one that need not be.
      const ties = here.ratio === worst?.ratio && worst.tolerance === 0;
      if (!worst || here.ratio > worst.ratio || ties) worst = here;
    });
  }
  return { deterministic, ok: deterministic && worst!.ratio <= 1, worst: worst! };
}

/** Uploads, runs and reads back: the values of each compared state, replica after replica. */
async function run(gpu: Gpu, prepared: PreparedTrial): Promise<Values[]> {
  const { device } = gpu;
  const { program, compared } = prepared;
  uploadOperands(prepared);
  program.run();
  const bytesOf = ({ elements, replicaStride, replicas }: State) =>
    4 * (replicaStride * (replicas - 1) + elements);
  const staging = device.createBuffer({
    label: `${program.label} read-back`,
    size: compared.reduce((total, state) => total + bytesOf(state), 0),
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const encoder = device.createCommandEncoder({ label: staging.label });
  let end = 0;
  for (const state of compared) {
    encoder.copyBufferToBuffer(state.buffer, 0, staging, end, bytesOf(state));
    end += bytesOf(state);
  }
  device.queue.submit([encoder.finish()]);
  try {
    await orLost(gpu, staging.mapAsync(GPUMapMode.READ));
    const bytes = staging.getMappedRange().slice(0);
    let start = 0;
    return compared.flatMap((state) => {
      const from = start;
      start += bytesOf(state);
      return Array.from({ length: state.replicas }, (_, replica) => {
        const values = state.dtype === 'u32' ? Uint32Array : Float32Array;
        return new values(bytes, from + 4 * replica * state.replicaStride, state.elements);
      });
    });
  } finally {
    staging.destroy();
  }
}

/** Writes the operands' values, and into the results what no kernel leaves. */
export function uploadOperands({ trial, operands, compared }: PreparedTrial): void {
  for (const { name, state } of operands) {
    const { values, shared } = trial.operands[name]!;
    for (let replica = 0; replica < state.replicas; replica++)
      state.write(values(shared ? 0 : replica), { replica });
  }
  for (const state of compared) {
    if (operands.some((operand) => operand.state === state)) continue;
    const elements = new (state.dtype === 'u32' ? Uint32Array : Float32Array)(state.elements);
    elements.fill(UNWRITTEN[state.dtype]);
    for (let replica = 0; replica < state.replicas; replica++) state.write(elements, { replica });
  }
}

/** The dispatch under test is the last of its kernel's family; its pipeline is labelled with the kernel and its knobs. */
function kernelOf({ kernel, name }: Trial, { dispatches }: Program): { kernel: string; variant: string } {
  const dispatch = dispatches.findLast((d) => [kernel].flat().some((path) => d.kernel.startsWith(path)));
  if (!dispatch) {
    const found = dispatches.map((d) => d.kernel).join(', ');
    throw new Error(`the trial of ${kernel} (${name}) runs ${found || 'nothing'}`);
  }
  return { kernel: dispatch.kernel, variant: dispatch.pipeline.label.slice(dispatch.kernel.length + 1) };
}
