import type { DispatchTime, Recorded, Running } from './program.ts';
import type { Scope } from './scope.ts';

/**
 * Runs dispatches once, each in a pass of its own with a timestamp at both ends. Loaded when a profile is asked for, alone: it
 * imports nothing.
 * @param wait for the device's work, or its loss
 */
export async function profileDispatches(
  device: GPUDevice,
  scope: Scope,
  wait: (work: Promise<unknown>) => Promise<unknown>,
  label: string,
  dispatches: readonly Recorded[],
  running: readonly Running[],
): Promise<DispatchTime[]> {
  const count = 2 * dispatches.length;
  const set = scope.own(device.createQuerySet({ label: `${label} profile`, type: 'timestamp', count }));
  const buffer = (what: string, usage: number): GPUBuffer =>
    scope.own(device.createBuffer({ label: `${label} ${what}`, size: 8 * count, usage }));
  const resolved = buffer('timestamps', GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
  const staging = buffer('timestamps read-back', GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
  const encoder = device.createCommandEncoder({ label: `${label} profile` });
  running.forEach(({ pipeline, group, grid }, i) => {
    const pass = encoder.beginComputePass({
      label: dispatches[i]!.label,
      timestampWrites: { querySet: set, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    pass.end();
  });
  encoder.resolveQuerySet(set, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
  device.queue.submit([encoder.finish()]);
  await wait(staging.mapAsync(GPUMapMode.READ));
  const times = new BigUint64Array(staging.getMappedRange().slice(0));
  return dispatches.map(({ label: of, kernel, params, grid }, i) => ({
    label: of,
    kernel,
    params,
    grid,
    milliseconds: Number(times[2 * i + 1]! - times[2 * i]!) / 1e6,
  }));
}
