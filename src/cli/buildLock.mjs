// A lock that one process of a machine holds at a time: a file with the identity of its holder. Plain JavaScript, since it
// is needed to build the rest.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Age in ms from which a holder that cannot be asked about, on another machine, is taken to be gone. */
const OLD = 900_000;
/** … and from which whoever was about to break a lock has died of it: that takes no time. */
const STUCK = 10_000;

/**
 * When a process began, in its system's words: of two that had one id, each began at another time.
 * @param {number} pid
 * @returns {string | undefined} undefined where there is no such process, or the system does not tell
 */
function beginning(pid) {
  try {
    if (process.platform === 'linux') {
      // The 22nd field, in clock ticks since the system started; the second may hold blanks and parentheses.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    if (process.platform === 'win32') return undefined;
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** @returns {{ pid: number, began?: string, host: string } | undefined} undefined for what no holder has written */
function parseHolder(content) {
  try {
    const holder = JSON.parse(content);
    return Number.isSafeInteger(holder?.pid) && holder.pid > 0 ? holder : undefined;
  } catch {
    return undefined;
  }
}

function contentOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isOlder(path, age) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > age;
}

/** Gives a file another name, which fails where that is taken. */
function link(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

export class BuildLock {
  #path;
  #own;

  /** @param {string} path of the lock, in a folder that is there */
  constructor(path) {
    this.#path = path;
    const { pid } = process;
    this.#own = JSON.stringify({ pid, began: beginning(pid), host: hostname() });
  }

  /** Takes the lock if it is free. */
  take() {
    return this.#place(this.#path);
  }

  /** Gives it back, if this process still has it. */
  release() {
    if (contentOf(this.#path) === this.#own) rmSync(this.#path, { force: true });
  }

  /**
   * The process that has the lock; undefined where there is none. A lock whose holder is gone, or that no holder has
   * written, is broken.
   * @returns {number | undefined}
   */
  holder() {
    const content = contentOf(this.#path);
    if (content === undefined) return undefined;
    const holder = parseHolder(content);
    if (holder && !this.#isGone(holder)) return holder.pid;
    this.#break(content);
    return undefined;
  }

  #isGone({ pid, began, host }) {
    if (host !== hostname()) return isOlder(this.#path, OLD);
    if (!isAlive(pid)) return true;
    const now = beginning(pid);
    if (began === undefined || now === undefined) return isOlder(this.#path, OLD);
    // Its id is another's by now.
    return now !== began;
  }

  /**
   * Removes an abandoned lock. Only one process at a time may remove the lock of this very holder, and does so if it is
   * still there: whoever took a while to see that it was abandoned does not remove the next one's.
   */
  #break(abandoned) {
    const claim = `${this.#path}.${createHash('sha256').update(abandoned).digest('hex').slice(0, 16)}`;
    if (!this.#place(claim)) {
      if (isOlder(claim, STUCK)) rmSync(claim, { force: true });
      return;
    }
    try {
      if (contentOf(this.#path) === abandoned) rmSync(this.#path, { force: true });
    } finally {
      rmSync(claim, { force: true });
    }
  }

  /** A file appears under its name with all of its content, or not at all. */
  #place(path) {
    const own = `${this.#path}.${process.pid}`;
    writeFileSync(own, this.#own);
    try {
      return link(own, path);
    } finally {
      rmSync(own, { force: true });
    }
  }
}
