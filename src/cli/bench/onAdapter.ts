import type { AdapterInfo } from '../../gpu/device.ts';

/** Browser or Node, its version and the adapter; a software adapter is named as one. */
export function onAdapter({
  version,
  adapter,
}: {
  readonly version: string;
  readonly adapter: AdapterInfo;
}): string {
  const { vendor, architecture, device, description, software } = adapter;
  const named = [vendor, architecture, device, description].filter(Boolean).join(' ');
  return `${version} on ${named}${software ? ': a software adapter, its times say nothing about a GPU' : ''}`;
}
