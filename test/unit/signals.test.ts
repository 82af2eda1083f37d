import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { makeProcessFolder } from '../../src/cli/processFolder.ts';
import { Progress } from '../../src/cli/progress.ts';
import { beforeSignal, isEndingBySignal } from '../../src/cli/signals.ts';

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';

test('a signal has the cursor shown again, waits for what is to be done, and ends with 128 and its number', async () => {
  const none = process.listenerCount('SIGINT');
  let written = '';
  const stream = {
    isTTY: true,
    columns: 80,
    write(text: string) {
      written += text;
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  const progress = new Progress({ stream });
  progress.show({ type: 'phase', phase: 'training' });
  progress.show({ type: 'progress', done: 1, total: 9, unit: 'steps' });
  expect(written).toContain(HIDE);
  expect(written).not.toContain(SHOW);
  progress.close();
  expect(written).toContain(SHOW);
  // Nothing is to be done: the system's own way.
  expect(process.listenerCount('SIGINT')).toBe(none);

  progress.show({ type: 'progress', done: 2, total: 9, unit: 'steps' });
  written = '';
  const done: string[] = [];
  beforeSignal(async (signal) => {
    await new Promise((later) => setTimeout(later, 10));
    done.push(signal);
  });
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
  try {
    process.emit('SIGTERM', 'SIGTERM');
    expect(written).toContain(SHOW);
    expect(isEndingBySignal()).toBe(true);
    expect(exit).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(exit).toHaveBeenCalledExactlyOnceWith(143));
    expect(done).toEqual(['SIGTERM']);
    process.emit('SIGHUP', 'SIGHUP');
    expect(exit).toHaveBeenLastCalledWith(129);
  } finally {
    exit.mockRestore();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
  }
});

test('a folder of a process that was killed goes when the next is made, those of others stay', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'basin-'));
  try {
    const own = makeProcessFolder(parent);
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((done) => child.on('close', done));
    const [dead, alive] = [child.pid, process.ppid].map((pid) => own.replace(`${process.pid}`, `${pid}`));
    for (const folder of [dead!, alive!, join(parent, 'others')]) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'file'), '');
    }
    const next = makeProcessFolder(parent);
    expect(existsSync(dead!)).toBe(false);
    expect(readdirSync(parent)).toHaveLength(4);
    expect([own, alive!, next].every(existsSync)).toBe(true);
  } finally {
    rmSync(parent, { recursive: true });
  }
});
