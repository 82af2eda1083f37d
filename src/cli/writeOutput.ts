import { constants, readdirSync, rmSync, type Stats } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive } from './isAlive.ts';
import { OutputError } from './outputError.ts';
import { type OutputTarget, outputTarget } from './outputTarget.ts';
import { PIPE_INTERVAL, writeAll } from './writeAll.ts';

/**
 * Writes a result. A regular file is written whole or not at all, under another name in its folder and then renamed, and
 * keeps mode and owner; so does one behind links. Where a rename would not keep what it is (other hard links, an owner that
 * cannot be given, a folder that takes no files) it is written in place. Devices, pipes and descriptors are written through.
 * @returns whether a file that was there before has been replaced
 * @throws OutputError naming the path
 */
export async function writeOutput(path: string, content: string | Uint8Array): Promise<boolean> {
  try {
    const target = outputTarget(path);
    if (target.kind === 'descriptor') await writeAll(target.descriptor, content);
    else if (target.kind === 'special') await writeThrough(target, content);
    else if (!(await replace(target, content))) await writeInPlace(target.path, content);
    return target.kind === 'file' && target.stat !== undefined;
  } catch (error) {
    throw new OutputError(path, error);
  }
}

/**
 * Writes a regular file whole or not at all, as `writeOutput` does, and never in place: until the new one is in its place, and
 * where it cannot be written, the old one stays whole. Other names of it (hard links) keep the old one.
 * @throws OutputError naming the path
 */
export async function replaceOutput(path: string, content: Uint8Array): Promise<void> {
  try {
    const target = outputTarget(path);
    if (target.kind !== 'file') throw new Error('it is no regular file');
    await writeBeside(target.path, content, { mode: target.stat ? target.stat.mode & MODE : 0o666 });
  } catch (error) {
    throw new OutputError(path, error);
  }
}

/** A pipe without a reader is waited for, so that signals still end the process: to open it would block. */
async function writeThrough(
  { path, stat }: { readonly path: string; readonly stat: Stats },
  content: string | Uint8Array,
): Promise<void> {
  const flags = constants.O_WRONLY | (stat.isFIFO() ? constants.O_NONBLOCK : 0);
  await writing(await opened(path, flags), content, { sync: false });
}

async function opened(path: string, flags: number): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(path, flags);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO' || !(flags & constants.O_NONBLOCK)) throw error;
      await new Promise((done) => setTimeout(done, PIPE_INTERVAL));
    }
  }
}

async function writeInPlace(path: string, content: string | Uint8Array): Promise<void> {
  await writing(await open(path, 'w'), content, { sync: true });
}

async function writing(
  handle: FileHandle,
  content: string | Uint8Array,
  { sync }: { readonly sync: boolean },
): Promise<void> {
  try {
    await writeAll(handle.fd, content);
    if (sync) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @returns false, with nothing changed, where the file cannot be replaced and stay what it is. */
async function replace(
  { path, stat }: Extract<OutputTarget, { kind: 'file' }>,
  content: string | Uint8Array,
): Promise<boolean> {
  if (stat && stat.nlink > 1) return false;
  const mode = stat ? stat.mode & MODE : 0o666;
  try {
    return await writeBeside(path, content, {
      mode,
      prepare: async (handle) => !stat || takesAfter(handle, stat),
    });
  } catch (error) {
    const { code = '', syscall } = error as NodeJS.ErrnoException;
    if (stat && syscall === 'open' && ['EACCES', 'EPERM', 'EROFS'].includes(code)) return false;
    throw error;
  }
}

/**
 * Writes a file under another name in its folder, and then renames it.
 * @param prepare makes the new file ready to take the place; false where it cannot
 * @returns false, with nothing changed, where it could not be made ready
 */
async function writeBeside(
  path: string,
  content: string | Uint8Array,
  { mode, prepare }: { readonly mode: number; readonly prepare?: (handle: FileHandle) => Promise<boolean> },
): Promise<boolean> {
  const folder = dirname(path);
  removeAbandoned(folder);
  const temporary = join(folder, temporaryName(process.pid));
  const handle = await open(temporary, 'wx', mode);
  try {
    const keeps = !prepare || (await prepare(handle));
    if (keeps) await writeAll(handle.fd, content);
    if (keeps) await handle.sync();
    await handle.close();
    if (keeps) await rename(temporary, path);
    else await rm(temporary);
    return keeps;
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await syncFolder(folder);
  }
}

const MODE = 0o7777;

/** Gives a new file the owner and the mode of another; false where this process may not. */
async function takesAfter(handle: FileHandle, { uid, gid, mode }: Stats): Promise<boolean> {
  const made = await handle.stat();
  try {
    if (made.uid !== uid || made.gid !== gid) await handle.chown(uid, gid);
    // After the owner, whose change takes set-user-ID bits away; the process's mask took others.
    if ((made.mode & MODE) !== (mode & MODE)) await handle.chmod(mode & MODE);
    return true;
  } catch {
    return false;
  }
}

/** The rename itself outlives a crash only then. Folders cannot be opened everywhere. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** By machine and process, so that one that was killed is known to be gone. */
const TEMPORARY = { before: `.basin.${hostname()}.`, after: '.tmp' };

function temporaryName(pid: number): string {
  return `${TEMPORARY.before}${pid}${TEMPORARY.after}`;
}

/** Removes what processes that were killed while they wrote have left in a folder. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const { before, after } = TEMPORARY;
    if (!name.startsWith(before) || !name.endsWith(after)) continue;
    const pid = Number(name.slice(before.length, -after.length));
    if (pid === process.pid || !isAlive(pid)) rmSync(join(folder, name), { force: true });
  }
}
