import type { AdapterInfo } from '../gpu/device.ts';
import type { DispatchTime } from '../gpu/program.ts';
import { OWN } from './basinAdapters.ts';
import { type BenchAdapter, type BenchJob, makeJob } from './benchAdapter.ts';
import { benchTask } from './benchCase.ts';
import { GpuMemory } from './gpuMemory.ts';
import type { TaskPart } from './task/taskProgram.ts';
import { type PartDone, type TaskClosed, type TaskOpened, TaskSession } from './task/taskSession.ts';
import { type AnyTask, taskOf } from './taskOf.ts';

/** Who is being timed. */
export interface Started {
  name: string;
  version?: string;
  /** As the implementation's own device describes it. */
  device: string;
  /** Ours only. */
  adapter?: AdapterInfo;
}

export interface Prepared {
  /** Milliseconds from the inputs in the host's memory to the first repetition done, uploads and compilation included. */
  first: number;
  /** Of a repetition of the run after it; `first` where there is none. */
  each: number;
  /** What the last of the first `times` repetitions gave; of one that gives the same each time, perhaps the first. */
  result: number[];
  /** Of one repetition of a warm run. */
  dispatches: number;
  submits: number;
  /** What WebGPU reported and no one caught: a time beside it is void. */
  gpuErrors: string[];
}

/** One dispatch of a repetition. */
export interface ProfileLine extends Omit<DispatchTime, 'params'> {
  /** GFLOP/s of a matrix product. */
  gflops?: number;
}

/** How long a page has to wait that has nothing of a library yet. Milliseconds. */
export interface ColdStart {
  readonly name: string;
  /** Loading the library and taking a device. */
  init: number;
  /** From the beginning until a 256³ product is read back; null where there are no products. */
  firstProduct: number | null;
  /** Then until the first training step at B = 64 is done, compilation included; null where it has none. */
  firstStep: number | null;
  /** Built by then. */
  pipelines: number;
}

/** Milliseconds; who takes longer for its first repetitions is not asked for more, to count their calls or where all give the same. */
const LONG = 2000;

/** Cases that a cold start does once. */
const COLD = { product: 'matmul NN 256×256×256', step: 'MLP step B=64' };

const counts = { submits: 0, dispatches: 0, pipelines: 0 };
const errors: string[] = [];
const devices = new Set<GPUDevice>();
let memory: GpuMemory;

/** Counts from now on what every device of this page or process is given. */
function install(): void {
  memory = new GpuMemory({ GPUDevice, GPUBuffer });
  const wrap = (prototype: object, method: string, before: () => void): void => {
    const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
    const original = methods[method]!;
    methods[method] = function (this: unknown, ...args: unknown[]) {
      before();
      return original.apply(this, args);
    };
  };
  wrap(GPUQueue.prototype, 'submit', () => counts.submits++);
  for (const method of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect']) {
    wrap(GPUComputePassEncoder.prototype, method, () => counts.dispatches++);
  }
  for (const method of ['createComputePipeline', 'createComputePipelineAsync']) {
    wrap(GPUDevice.prototype, method, () => counts.pipelines++);
  }
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    devices.add(device);
    device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
    return device;
  };
}

/** Whether each repetition goes on from the last. */
function isTraining({ kind }: AnyTask): boolean {
  return kind === 'mlpStep' || kind === 'cnnStep' || kind === 'sweep';
}

/** Resolves when every device has done all that it was given. */
async function idle(): Promise<void> {
  await Promise.all([...devices].map(({ queue }) => queue.onSubmittedWorkDone()));
}

/** Times implementations in this page or process, one call at a time. */
export class BenchRunner {
  readonly #adapters = new Map<string, BenchAdapter>();
  readonly #jobs = new Map<string, BenchJob>();
  #task: TaskSession | undefined;

  constructor() {
    install();
  }

  /** @param url of a module whose default export is the adapter; ours are known by their keys */
  async start(key: string, url?: string): Promise<Started> {
    const adapter: BenchAdapter =
      url === undefined ? OWN[key as keyof typeof OWN] : (await import(/* @vite-ignore */ url)).default;
    this.#adapters.set(key, adapter);
    await adapter.init();
    const { vendor, architecture, device, description } =
      [...devices].at(-1)?.adapterInfo ?? ({} as GPUAdapterInfo);
    return {
      name: adapter.name,
      version: adapter.version,
      device: [vendor, architecture, device, description].filter(Boolean).join(' '),
      adapter: await adapter.info?.(),
    };
  }

  /**
   * Loads an implementation, multiplies, and takes a training step, all for the first time. For a page or process in
   * which nothing has run before.
   * @param url of a module whose default export is the adapter
   */
  async cold(url: string): Promise<ColdStart> {
    const product = benchTask(COLD.product);
    const step = benchTask(COLD.step);
    const once = async (adapter: BenchAdapter, task: AnyTask): Promise<boolean> => {
      const job = await makeJob(adapter, task);
      await job?.run(1);
      await job?.read();
      return job !== undefined;
    };
    const started = performance.now();
    const adapter: BenchAdapter = (await import(/* @vite-ignore */ url)).default;
    await adapter.init();
    const ready = performance.now();
    const multiplies = await once(adapter, product);
    const multiplied = performance.now();
    const trains = await once(adapter, step);
    const trained = performance.now();
    return {
      name: adapter.name,
      init: ready - started,
      firstProduct: multiplies ? multiplied - started : null,
      firstStep: trains ? trained - multiplied : null,
      pipelines: counts.pipelines,
    };
  }

  /**
   * Makes a task ready and does it for the first time, then as often as a sample has it, then once more to count.
   * @returns null where the implementation has no such thing
   */
  async prepare(key: string, task: string, times: number): Promise<Prepared | null> {
    const inputs = taskOf(task);
    const errorsBefore = errors.length;
    const started = performance.now();
    const job = await makeJob(this.#adapters.get(key)!, inputs);
    if (!job) return null;
    let before = { ...counts };
    let counted = 1;
    await job.run(1);
    await idle();
    const first = performance.now() - started;
    this.#jobs.set(key, job);
    let each = first;
    if (times > 1 && (isTraining(inputs) || first < LONG)) {
      before = { ...counts };
      counted = times - 1;
      const warm = performance.now();
      await job.run(counted);
      await idle();
      each = (performance.now() - warm) / counted;
    }
    const result = Array.from(await job.read());
    // Reading is no part of a repetition; where one takes long, what it brings to the counts is let pass.
    if (each * times < LONG) {
      before = { ...counts };
      counted = times;
      await job.run(times);
    }
    await idle();
    return {
      first,
      each,
      result,
      dispatches: (counts.dispatches - before.dispatches) / counted,
      submits: (counts.submits - before.submits) / counted,
      gpuErrors: errors.slice(errorsBefore, errorsBefore + 3),
    };
  }

  /** Milliseconds a repetition, until the device is done. Some before, untimed, wake up what slept while others ran. */
  async time(key: string, times: number, before: number): Promise<number> {
    const job = this.#jobs.get(key)!;
    if (before > 0) await job.run(before);
    await idle();
    const started = performance.now();
    await job.run(times);
    await idle();
    return (performance.now() - started) / times;
  }

  /** Each dispatch's median over some runs; null where the implementation or the adapter cannot tell. */
  async profile(key: string, runs = 9): Promise<ProfileLine[] | null> {
    const job = this.#jobs.get(key)!;
    if (!job.profile || ![...devices].some((device) => device.features.has('timestamp-query'))) return null;
    const profiles: DispatchTime[][] = [];
    for (let i = 0; i < runs; i++) profiles.push(await job.profile());
    return profiles[0]!.map(({ label, kernel, grid, params: { m, n, k } }, i) => {
      const sorted = profiles.map((profile) => profile[i]!.milliseconds).sort((a, b) => a - b);
      const milliseconds = sorted[sorted.length >> 1]!;
      const gflops = m && n && k ? (2 * m * n * k) / milliseconds / 1e6 : undefined;
      return { label, kernel, grid, milliseconds, gflops };
    });
  }

  release(key: string): void {
    this.#jobs.get(key)?.dispose();
    this.#jobs.delete(key);
  }

  /** @param url of a program of bench/peers/task */
  async openTask(url: string, batch: number): Promise<TaskOpened> {
    const { session, opened } = await TaskSession.open(url, batch, { memory, errors });
    this.#task = session;
    return opened;
  }

  /** @param wanted whether the result is needed, which costs more than the part itself */
  doPart(part: TaskPart, wanted: boolean): Promise<PartDone> {
    return this.#task!.do(part, wanted);
  }

  closeTask(): Promise<TaskClosed> {
    return this.#task!.close();
  }
}
