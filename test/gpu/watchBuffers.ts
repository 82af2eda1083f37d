import type { Gpu } from '../../src/gpu/device.ts';

/** Bytes of the buffers that are made and not destroyed, from now on. */
export function watchBuffers({ device }: Gpu): { held(): number; stop(): void } {
  const live = new Set<GPUBuffer>();
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
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
    // The device's own method goes, so that its prototype's is seen again: by those that count calls there.
    stop: () => {
      Reflect.deleteProperty(device, 'createBuffer');
    },
  };
}
