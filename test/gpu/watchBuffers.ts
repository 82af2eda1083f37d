import type { Gpu } from '../../src/gpu/device.ts';

export interface BufferWatch {
  /** Bytes of the buffers that are made and not destroyed, from the beginning on. */
  held(): number;
  /** Buffers made so far. */
  made(): number;
  /** Makes the buffer after so many more the first that cannot be made; no buffer fails after that one. */
  failAfter(count: number): void;
  stop(): void;
}

/** What the buffer that cannot be made says. */
export const NO_MEMORY = 'this buffer cannot be made';

/** Watches the buffers of a device, from now on. */
export function watchBuffers({ device }: Gpu): BufferWatch {
  const live = new Set<GPUBuffer>();
  const create = device.createBuffer.bind(device);
  let made = 0;
  let failing = Number.POSITIVE_INFINITY;
  device.createBuffer = (descriptor) => {
    if (made === failing) {
      failing = Number.POSITIVE_INFINITY;
      throw new Error(NO_MEMORY);
    }
    made++;
    const buffer = create(descriptor);
    live.add(buffer);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  return {
    held: () => [...live].reduce((total, { size }) => total + size, 0),
    made: () => made,
    failAfter: (count) => {
      failing = made + count;
    },
    // The device's own method goes, so that its prototype's is seen again: by those that count calls there.
    stop: () => {
      Reflect.deleteProperty(device, 'createBuffer');
    },
  };
}
