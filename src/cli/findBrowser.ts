import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { loadPlaywright } from './findPackage.ts';

/** A Chromium-family browser, and how it was found. */
export interface FoundBrowser {
  path: string;
  source: 'BASIN_BROWSER' | 'installed' | 'playwright' | 'apt-get';
}

export interface FindBrowserOptions {
  /** Allow `apt-get install chromium` (also allowed by BASIN_INSTALL_BROWSER=1 or CI=true; BASIN_INSTALL_BROWSER=0 forbids it). */
  install?: boolean;
  /** One line about what is being done; standard error by default. */
  log?: (line: string) => void;
  /** The machine, replaceable in tests. */
  machine?: Machine;
}

/** What the search needs to know of a machine. */
export interface Machine {
  platform: NodeJS.Platform;
  env: Record<string, string | undefined>;
  home: string;
  isExecutable(path: string): boolean;
  /** false for an executable that is only a stand-in, such as Ubuntu's `chromium-browser` without its snap. */
  starts(path: string): boolean;
  playwrightPath(): string | undefined;
  /** Why apt-get may not be used here, or undefined where it may. */
  aptRefusal(): string | undefined;
  aptInstall(): void;
}

/** No browser, with everything that was tried. */
export class BrowserNotFoundError extends Error {
  override name = 'BrowserNotFoundError';
}

const LINUX_NAMES = [
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'chromium',
  'chromium-browser',
  'microsoft-edge-stable',
  'microsoft-edge',
];
const LINUX_PLACES = [
  '/opt/google/chrome/chrome',
  '/usr/lib/chromium/chromium',
  '/usr/lib64/chromium-browser/chromium-browser',
  '/opt/microsoft/msedge/msedge',
  '/snap/bin/chromium',
];
const MAC_PLACES = [
  'Google Chrome.app/Contents/MacOS/Google Chrome',
  'Chromium.app/Contents/MacOS/Chromium',
  'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];
const WINDOWS_PLACES = [
  ['Google', 'Chrome', 'Application', 'chrome.exe'],
  ['Chromium', 'Application', 'chrome.exe'],
  ['Microsoft', 'Edge', 'Application', 'msedge.exe'],
];

/**
 * The browser that tests, the command line and CI use: the one BASIN_BROWSER names, else an installed Chrome,
 * Chromium or Edge, else Playwright's own, else Debian's `chromium` package where installing it is allowed.
 *
 * @throws BrowserNotFoundError naming all of these.
 */
export function findBrowser(options: FindBrowserOptions = {}): FoundBrowser {
  const machine = options.machine ?? thisMachine();
  const log = options.log ?? ((line) => process.stderr.write(`${line}\n`));
  const { env } = machine;

  const named = env.BASIN_BROWSER;
  if (named) {
    if (machine.isExecutable(named)) return { path: named, source: 'BASIN_BROWSER' };
    throw new BrowserNotFoundError(`BASIN_BROWSER is ${named}, and there is no program by that path`);
  }

  const installed = installedBrowser(machine);
  if (installed) return { path: installed, source: 'installed' };

  const playwright = machine.playwrightPath();
  if (playwright && machine.isExecutable(playwright)) return { path: playwright, source: 'playwright' };

  const refusal = installRefusal(options.install ?? false, machine);
  let failure = '';
  if (refusal === undefined) {
    log('no Chrome, Chromium or Edge here: apt-get install chromium (a minute or two)');
    try {
      machine.aptInstall();
    } catch (error) {
      failure = (error as Error).message;
    }
    const path = installedBrowser(machine);
    if (path) return { path, source: 'apt-get' };
    failure ||= 'it installed nothing that starts';
  }
  throw new BrowserNotFoundError(
    [
      'no browser was found. Looked for:',
      '  1. the environment variable BASIN_BROWSER (not set)',
      '  2. Chrome, Chromium or Edge on PATH and in the usual folders (none)',
      `  3. Playwright's own Chromium (${playwright ? `not at ${playwright}` : 'playwright-core is not installed'})`,
      `  4. apt-get install chromium (${refusal ?? failure})`,
      'Install Chrome or Chromium, or run `npx playwright install chromium`, or set BASIN_BROWSER to a browser.',
    ].join('\n'),
  );
}

function installedBrowser(machine: Machine): string | undefined {
  return candidates(machine).find((path) => machine.isExecutable(path) && machine.starts(path));
}

function candidates({ platform, env, home }: Machine): string[] {
  if (platform === 'darwin') {
    const folders = ['/Applications', join(home, 'Applications')];
    return MAC_PLACES.flatMap((place) => folders.map((folder) => join(folder, place)));
  }
  if (platform === 'win32') {
    const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(
      (f) => f !== undefined,
    );
    return WINDOWS_PLACES.flatMap((place) => folders.map((folder) => join(folder, ...place)));
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...LINUX_NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...LINUX_PLACES];
}

function installRefusal(asked: boolean, machine: Machine): string | undefined {
  const { env } = machine;
  if (env.BASIN_INSTALL_BROWSER === '0') return 'forbidden by BASIN_INSTALL_BROWSER=0';
  const allowed = asked || env.BASIN_INSTALL_BROWSER === '1' || env.CI === 'true';
  if (!allowed) return 'only with BASIN_INSTALL_BROWSER=1';
  return machine.aptRefusal();
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const { platform, env } = process;
  return {
    platform,
    env,
    home: homedir(),
    isExecutable(path) {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    },
    starts(path) {
      // Elsewhere the programs are what their names say, and Windows' browsers open a window when asked.
      if (platform !== 'linux') return true;
      return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0;
    },
    playwrightPath: () => loadPlaywright()?.chromium.executablePath(),
    aptRefusal() {
      if (platform !== 'linux' || !this.isExecutable('/usr/bin/apt-get')) return 'there is no apt-get here';
      if (process.getuid?.() !== 0) return 'it needs root';
      return undefined;
    },
    aptInstall() {
      // The lists of a fresh machine are empty; an update that fails may still leave usable ones.
      aptGet('update');
      const { status, output } = aptGet('install', '-y', '--no-install-recommends', 'chromium');
      if (status !== 0) {
        const reason = output.split('\n').findLast((line) => line.startsWith('E: '));
        throw new Error(`it ended with ${status}, ${reason ?? 'no reason given'}`);
      }
    },
  };
}

function aptGet(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  return { status, output: `${stdout}\n${stderr}` };
}
