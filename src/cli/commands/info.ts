import Table from 'cli-table3';
import type { Command } from 'commander';
import type { AdapterInfo } from '../../gpu/device.ts';
import { formatJson } from '../../present/formatJson.ts';
import { print } from '../print.ts';
import { type HeadlessOptions, type HeadlessRuntime, runHeadless } from '../runtime.ts';
import { runtimeOption } from './outputOptions.ts';

/** `basin info`: which adapter a job would compute on, and where. */
export function registerInfo(program: Command): void {
  program
    .command('info')
    .description('show the adapter, its features and limits, and the runtime chosen')
    .option('--json', 'as JSON')
    .addOption(runtimeOption())
    .action(async ({ json, runtime }: { json?: boolean; runtime: HeadlessOptions['runtime'] }) => {
      const ended = await runHeadless({ job: 'info' }, { runtime, baseDir: process.cwd() });
      const adapter = ended.result as AdapterInfo;
      const info = { headless: ended.runtime, ...adapter };
      await print(`${json ? formatJson(info) : table(info)}\n`);
    });
}

const RUNTIMES: Record<HeadlessRuntime, string> = {
  node: 'Node (the npm package webgpu)',
  deno: 'Deno',
  browser: 'headless browser',
};

function table({
  headless,
  features,
  limits,
  ...adapter
}: AdapterInfo & { headless: HeadlessRuntime }): string {
  const rows = new Table({ style: { head: [], border: [] } });
  rows.push({ runtime: RUNTIMES[headless] });
  for (const name of ['vendor', 'architecture', 'device', 'description'] as const) {
    rows.push({ [name]: adapter[name] });
  }
  rows.push({ 'computes on': adapter.software ? 'the CPU (a software adapter)' : 'a GPU' });
  rows.push({ features: features.join('\n') });
  for (const [name, value] of Object.entries(limits)) rows.push({ [name]: String(value) });
  return rows.toString();
}
