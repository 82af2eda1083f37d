import type { AdapterInfo } from '../gpu/device.ts';

/** The adapter's name as its driver gives it. */
export function adapterName({
  vendor,
  architecture,
  device,
  description,
}: Pick<AdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'>): string {
  return [vendor, architecture, description || device].filter((part) => part !== '').join(' ') || 'unnamed';
}
