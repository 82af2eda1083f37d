import { expect, test } from 'vitest';
import { GpuMemory } from '../../src/bench/gpuMemory.ts';

function classes() {
  class Buffer {
    destroyed = 0;
    destroy(): void {
      this.destroyed++;
    }
  }
  class Device {
    createBuffer(_: { size: number }): Buffer {
      return new Buffer();
    }
    destroy(): void {}
  }
  return { Buffer, Device };
}

test('bytes of buffers that are alive, the most at once, and nothing twice; what a device holds goes with it', () => {
  const { Buffer, Device } = classes();
  const memory = new GpuMemory({ GPUDevice: Device, GPUBuffer: Buffer } as never);
  const [one, other] = [new Device(), new Device()];
  const first = one.createBuffer({ size: 100 });
  one.createBuffer({ size: 20 });
  other.createBuffer({ size: 3 });
  expect(memory.bytes).toEqual({ now: 123, peak: 123 });
  first.destroy();
  first.destroy();
  expect(first.destroyed).toBe(2);
  expect(memory.bytes).toEqual({ now: 23, peak: 123 });
  memory.restart();
  expect(memory.bytes.peak).toBe(23);
  one.destroy();
  expect(memory.bytes).toEqual({ now: 3, peak: 23 });
});
