import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serveJob } from '../../src/cli/jobServer.ts';
import { limitReads } from '../../src/cli/limitReads.ts';

const everything = {
  read: async (path: string) => new TextEncoder().encode(path),
  find: async (path: string) => ({ path, is: 'file' as const }),
};

test('a job reads what it names, the labels beside images, folders that it names and built-in data; nothing else', async () => {
  const host = limitReads(everything, {
    model: '/a/model.json',
    data: '/d/train-images,x,/e/other',
    replicas: [{ weights: '../w.safetensors' }],
    order: 'folder',
  });
  for (const path of [
    '/a/model.json',
    '/d/train-images',
    '/d/train-images,x',
    '/d/train-labels',
    '/e/other',
    '../w.safetensors',
    'folder/data_batch_1.bin',
    'builtin:mnist/train-images-idx3-ubyte',
  ]) {
    expect(new TextDecoder().decode(await host.read(path))).toBe(path);
  }
  for (const path of [
    '/a/other.json',
    '/etc/passwd',
    '/d/secret',
    'w.safetensors',
    'builtin:../../x',
    'builtin:a/..',
  ]) {
    await expect(host.read(path)).rejects.toThrow(/names no such file/);
  }
});

test('the server answers under its own address alone, and files for the token', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'basin-'));
  writeFileSync(join(folder, 'page.html'), 'page');
  const server = await serveJob(folder, everything);
  const get = (path: string, headers: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      request(`${server.origin}${path}`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      })
        .on('error', reject)
        .end();
    });
  try {
    expect(await get('/page.html')).toBe(200);
    expect(await get('/page.html', { host: 'evil.example' })).toBe(421);
    expect(await get('/host-file?path=x')).toBe(403);
    expect(await get('/host-file?path=x', { 'x-basin-token': server.token })).toBe(200);
    expect(await get('/host-file?path=x', { 'x-basin-token': server.token, host: 'evil.example' })).toBe(421);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
