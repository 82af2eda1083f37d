import { readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** A Vulkan driver to offer Dawn. */
export interface VulkanDriver {
  /** 'environment': VK_DRIVER_FILES as the user set it. 'system': what is installed. 'swiftshader': beside a browser. */
  kind: 'environment' | 'system' | 'swiftshader';
  /** Folder of the driver's manifest, where that is not the system's. */
  folder?: string;
}

/** Folders in which the Vulkan loader looks for manifests of installed drivers. */
const MANIFEST_FOLDERS = [
  '/usr/share/vulkan/icd.d',
  '/usr/local/share/vulkan/icd.d',
  '/etc/vulkan/icd.d',
  '/usr/local/etc/vulkan/icd.d',
  join(homedir(), '.local/share/vulkan/icd.d'),
];

/** Folders of browsers whose program on PATH is a script elsewhere. */
const BROWSER_FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib64/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
  '/opt/microsoft/msedge',
];

const SWIFTSHADER_MANIFEST = 'vk_swiftshader_icd.json';
const LOADER = 'libvulkan.so.1';

/**
 * The Vulkan drivers worth trying under Linux, best first: the user's choice alone, else those installed, then the
 * SwiftShader beside a browser. An attempt that fails leaves the process fit for the next: each `create()` of Dawn
 * makes a Vulkan instance of its own, and the loader reads the environment anew for each (an old Mesa, such as
 * Debian 12's 22.3, simply yields no adapter). Empty on macOS and Windows, where Dawn needs no Vulkan.
 *
 * @param browser looks for a browser when none is in the usual folders.
 */
export function* vulkanDrivers(browser: () => string | undefined): Generator<VulkanDriver> {
  if (process.platform !== 'linux') return;
  const named = namedDriver();
  if (named) {
    yield { kind: 'environment', folder: dirname(named.files.split(delimiter)[0]!) };
    return;
  }
  if (MANIFEST_FOLDERS.some((folder) => list(folder).some((name) => name.endsWith('.json')))) {
    yield { kind: 'system' };
  }
  const withDriver = (folder: string) => isFile(join(folder, SWIFTSHADER_MANIFEST));
  let folder = BROWSER_FOLDERS.find(withDriver);
  if (folder === undefined) {
    const path = browser();
    folder = [...(path === undefined ? [] : [dirname(realpathSync(path))]), ...BROWSER_FOLDERS].find(
      withDriver,
    );
  }
  if (folder !== undefined) yield { kind: 'swiftshader', folder };
}

/** The manifests that the environment names, and by which variable. */
interface NamedDriver {
  readonly variable: 'VK_DRIVER_FILES' | 'VK_ICD_FILENAMES';
  readonly files: string;
}

function namedDriver(): NamedDriver | undefined {
  const variable = process.env.VK_DRIVER_FILES ? 'VK_DRIVER_FILES' : 'VK_ICD_FILENAMES';
  const files = process.env[variable];
  return files ? { variable, files } : undefined;
}

/** What `useVulkanDriver` set last, which no user chose. */
let offered: string | undefined;

/** The driver that the user set, if one is set: no other is tried then. */
export function chosenDriver(): NamedDriver | undefined {
  const named = process.platform === 'linux' ? namedDriver() : undefined;
  return named?.files === offered ? undefined : named;
}

/**
 * Makes a driver the one that the next Vulkan instance of this process sees, and makes sure that there is a loader.
 * Both act on the whole process, so this belongs in the main thread (a worker's `process.env` is a copy that native
 * code does not see).
 *
 * Dawn opens the Vulkan loader, `libvulkan.so.1`, by its name: beside `dawn.node`, beside the `node` program, then as
 * the dynamic linker does. LD_LIBRARY_PATH is read when a process starts, too late for this one; but a library that
 * is already loaded under that name is found. So where the system has none, the one that Chrome and Chromium carry
 * is loaded here, to stay.
 *
 * @returns false without a loader.
 */
export function useVulkanDriver({ kind, folder }: VulkanDriver): boolean {
  if (kind === 'swiftshader' && folder !== undefined) {
    const manifest = join(folder, SWIFTSHADER_MANIFEST);
    offered = manifest;
    process.env.VK_DRIVER_FILES = manifest;
    // Loaders older than 1.3.207 know the variable by this name only; newer ones prefer the other.
    process.env.VK_ICD_FILENAMES = manifest;
  }
  const folders = folder === undefined ? BROWSER_FOLDERS : [folder, ...BROWSER_FOLDERS];
  return [LOADER, ...folders.filter(hasLoader).map((at) => join(at, LOADER))].some(keepLoaded);
}

/**
 * Variables under which a program that is yet to start (Deno) sees a driver and finds a Vulkan loader: where the system
 * has none of its own, the one that lies beside the driver.
 */
export function vulkanEnvironment({ kind, folder }: VulkanDriver): Record<string, string> {
  const path = [
    process.env.LD_LIBRARY_PATH,
    ...(folder === undefined ? BROWSER_FOLDERS.filter(hasLoader) : [folder]),
  ];
  const LD_LIBRARY_PATH = path.filter(Boolean).join(delimiter);
  if (kind !== 'swiftshader' || folder === undefined) return { LD_LIBRARY_PATH };
  const manifest = join(folder, SWIFTSHADER_MANIFEST);
  return { LD_LIBRARY_PATH, VK_DRIVER_FILES: manifest, VK_ICD_FILENAMES: manifest };
}

function hasLoader(folder: string): boolean {
  return isFile(join(folder, LOADER));
}

/**
 * Loads a shared library for the rest of the process. `process.dlopen` is meant for Node's own add-ons: it loads the
 * library, finds no add-on in it, closes it and throws. The flag RTLD_NODELETE (glibc and musl on Linux: 0x1000)
 * keeps it loaded through that.
 */
function keepLoaded(library: string): boolean {
  const RTLD_NOW = 2;
  const RTLD_NODELETE = 0x1000;
  try {
    process.dlopen({ exports: {} }, library, RTLD_NOW | RTLD_NODELETE);
    return true;
  } catch (error) {
    return (error as Error).message.includes('did not self-register');
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
