import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { fuzzDevice } from './fuzzDevice.ts';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

test('a device that is disposed of is freed, under Node too', async () => {
  let freed = 0;
  const registry = new FinalizationRegistry<null>(() => {
    freed++;
  });
  const use = async (): Promise<void> => {
    const gpu = await fuzzDevice();
    registry.register(gpu.device, null);
    gpu.dispose();
    await gpu.lost;
  };
  for (let i = 0; i < 3; i++) await use();
  const freedNow = (): number => {
    collect();
    return freed;
  };
  await expect.poll(freedNow, { timeout: 10_000 }).toBe(3);
});
