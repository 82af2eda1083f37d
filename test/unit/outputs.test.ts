import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  createReadStream,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkOutput, checkOutputs, checkReplaceable } from '../../src/cli/checkOutput.ts';
import { replaceOutput, writeOutput } from '../../src/cli/writeOutput.ts';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'basin-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Longer than a pipe holds. */
const LONG = 'x'.repeat(300_000);

describe('what a result is written to', () => {
  test('a new file, a path with comma and question mark, and one that was there before', async () => {
    expect(await writeOutput(at('new, one?.json'), 'a')).toBe(false);
    expect(await writeOutput(at('new, one?.json'), 'b')).toBe(true);
    expect(readFileSync(at('new, one?.json'), 'utf8')).toBe('b');
    expect(readdirSync(folder)).toEqual(['new, one?.json']);
  });

  test('keeps its mode', async () => {
    for (const mode of [0o600, 0o666, 0o640]) {
      writeFileSync(at('r'), 'old');
      chmodSync(at('r'), mode);
      await writeOutput(at('r'), 'new');
      expect(statSync(at('r')).mode & 0o777).toBe(mode);
      expect(readFileSync(at('r'), 'utf8')).toBe('new');
    }
  });

  test('a symlink stays one, and its target is new; also where there is none yet, through two folders', async () => {
    mkdirSync(at('a'));
    mkdirSync(at('b'));
    writeFileSync(at('a/target'), 'old');
    symlinkSync('../a/target', at('b/link'));
    symlinkSync('b/link', at('chain'));
    await writeOutput(at('chain'), 'new');
    expect(readFileSync(at('a/target'), 'utf8')).toBe('new');
    symlinkSync('../a/later', at('b/dangling'));
    checkOutput('--out', at('b/dangling'));
    await writeOutput(at('b/dangling'), 'new');
    expect(readFileSync(at('a/later'), 'utf8')).toBe('new');
    for (const link of ['chain', 'b/link', 'b/dangling']) {
      expect(lstatSync(at(link)).isSymbolicLink()).toBe(true);
    }
  });

  test('all names of a file with hard links are of the new content', async () => {
    writeFileSync(at('r'), 'an old and longer one');
    linkSync(at('r'), at('other'));
    await writeOutput(at('r'), 'new');
    expect(readFileSync(at('other'), 'utf8')).toBe('new');
  });

  test.runIf(process.platform !== 'win32')(
    'a FIFO stays one: its reader, who comes later, gets all',
    async () => {
      execFileSync('mkfifo', [at('fifo')]);
      checkOutput('--out', at('fifo'));
      const writing = writeOutput(at('fifo'), LONG);
      await new Promise((done) => setTimeout(done, 50));
      const [found] = await Promise.all([text(createReadStream(at('fifo'))), writing]);
      expect(found.length).toBe(LONG.length);
      expect(statSync(at('fifo')).isFIFO()).toBe(true);
    },
  );

  test.runIf(existsSync('/dev/full'))(
    'a device stays one; a full one is an error that names it',
    async () => {
      symlinkSync('/dev/full', at('full'));
      symlinkSync('/dev/null', at('null'));
      await writeOutput(at('null'), LONG);
      await expect(writeOutput(at('full'), LONG)).rejects.toThrow(
        /full: cannot be written: no space is left/,
      );
      expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    },
  );

  test.runIf(process.getuid?.() === 0 && canMakeDevices())('a device node of its own', async () => {
    execFileSync('mknod', [at('null'), 'c', '1', '3']);
    checkOutputs({ '--out': at('null'), '--tensors': at('null') });
    await writeOutput(at('null'), LONG);
    expect(statSync(at('null')).isCharacterDevice()).toBe(true);
    expect(readdirSync(folder)).toEqual(['null']);
  });

  // The command line's tests fill one that needs no mounting.
  test.runIf(canMount())(
    'nothing half-written on a full file system, and the file before stays',
    async () => {
      mountSmall(folder);
      try {
        await writeOutput(at('r'), 'old');
        const failed = writeOutput(at('r'), LONG);
        await expect(failed).rejects.toThrow(`${at('r')}: cannot be written: no space is left on its device`);
        expect(readFileSync(at('r'), 'utf8')).toBe('old');
        expect(readdirSync(folder)).toEqual(['r']);
      } finally {
        execFileSync('umount', [folder]);
      }
    },
  );

  test('what a killed process left while it wrote is removed, what others are writing is not', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((done) => child.on('close', done));
    const [dead, alive] = [child.pid, process.ppid].map((pid) => `.basin.${hostname()}.${pid}.tmp`);
    for (const name of [dead!, alive!]) writeFileSync(at(name), 'cut');
    await writeOutput(at('r'), 'a');
    expect(readdirSync(folder).sort()).toEqual([alive, 'r']);
  });
});

describe('what is replaced again and again', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('is whole at every moment: never written in place, also where it has other names or links lead to it', async () => {
    writeFileSync(at('r'), 'old', { mode: 0o600 });
    linkSync(at('r'), at('other'));
    symlinkSync('r', at('link'));
    await replaceOutput(at('link'), bytes('new'));
    expect(readFileSync(at('r'), 'utf8')).toBe('new');
    expect(readFileSync(at('other'), 'utf8')).toBe('old');
    expect(statSync(at('r')).mode & 0o777).toBe(0o600);
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['link', 'other', 'r']);
  });

  test('is no device, pipe or folder', async () => {
    symlinkSync('/dev/null', at('null'));
    expect(() => checkReplaceable('snapshot', at('null'))).toThrow(
      /null: snapshot: cannot be replaced: it is no reg/,
    );
    await expect(replaceOutput(at('null'), bytes('x'))).rejects.toThrow(
      /null: cannot be written: it is no reg/,
    );
    checkReplaceable('snapshot', at('none yet'));
    expect(() => checkReplaceable('snapshot', at('gone/r'))).toThrow(
      /gone\/r: snapshot: cannot be replaced: .*gone is no folder that can be written to/,
    );
  });

  test.runIf(canMount())('stays as it was on a full file system, and nothing is left beside it', async () => {
    mountSmall(folder);
    try {
      await replaceOutput(at('r'), bytes('old'));
      await expect(replaceOutput(at('r'), bytes(LONG))).rejects.toThrow(
        /r: cannot be written: no space is left/,
      );
      expect(readFileSync(at('r'), 'utf8')).toBe('old');
      expect(readdirSync(folder)).toEqual(['r']);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  test.runIf(process.platform === 'linux')('stays as it was where its folder takes no files', async () => {
    mkdirSync(at('closed'));
    writeFileSync(at('closed/r'), 'old');
    await asNobody(at('closed'), async () => {
      await expect(replaceOutput(at('closed/r'), bytes('new'))).rejects.toThrow(
        /r: cannot be written: permission/,
      );
    });
    expect(readFileSync(at('closed/r'), 'utf8')).toBe('old');
    expect(readdirSync(at('closed'))).toEqual(['r']);
  });
});

describe('what is refused before a run', () => {
  test('two outputs that are one file, whichever links lead there', () => {
    mkdirSync(at('a'));
    symlinkSync('a', at('b'));
    symlinkSync('a/r', at('link'));
    const check = (out: string, tensors: string) => () =>
      checkOutputs({ '--out': at(out), '--tensors': at(tensors) });
    const message = /--tensors: is the same file as --out/;
    expect(check('a/r', 'a/../a/r')).toThrow(message);
    expect(check('a/r', 'link')).toThrow(message);
    expect(check('a/r', 'b/r')).toThrow(message);
    writeFileSync(at('a/r'), '');
    expect(check('a/r', 'link')).toThrow(message);
    linkSync(at('a/r'), at('hard'));
    expect(check('a/r', 'hard')).toThrow(message);
    expect(check('a/r', 'a/other')).not.toThrow();
  });

  test('folders, descriptors that are not open, links in a circle', () => {
    symlinkSync('x', at('y'));
    symlinkSync('y', at('x'));
    const check = (path: string) => () => checkOutput('--out', path);
    expect(check(folder)).toThrow(/it is a folder/);
    expect(check(at('gone/r'))).toThrow(/--out: cannot be written: .*gone is no folder/);
    expect(check('/dev/fd/987')).toThrow(/descriptor 987 is not open/);
    expect(check(at('x'))).toThrow(/--out: .*(ELOOP|symbolic links)/);
  });
});

/** Does some work while a folder takes no files from this process: root, who may all, is someone else for a while. */
async function asNobody(closed: string, work: () => Promise<void>): Promise<void> {
  const root = process.getuid!() === 0;
  chmodSync(folder, 0o755);
  chmodSync(closed, 0o555);
  if (root) process.seteuid!(65534);
  try {
    await work();
  } finally {
    if (root) process.seteuid!(0);
    chmodSync(closed, 0o755);
  }
}

function canMakeDevices(): boolean {
  const node = join(tmpdir(), `basin-device-${process.pid}`);
  try {
    execFileSync('mknod', [node, 'c', '1', '3'], { stdio: 'ignore' });
    writeFileSync(node, '');
    return true;
  } catch {
    return false;
  } finally {
    rmSync(node, { force: true });
  }
}

function canMount(): boolean {
  const there = mkdtempSync(join(tmpdir(), 'basin-'));
  try {
    mountSmall(there);
    execFileSync('umount', [there]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(there, { recursive: true });
  }
}

/** A file system of 16 KiB, for those who may. */
function mountSmall(there: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', there], { stdio: 'ignore' });
}
