import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A package that is looked up at run time is not installed. */
export class MissingPackageError extends Error {
  override name = 'MissingPackageError';
  constructor(packageName: string, purpose: string) {
    super(
      `the npm package ${packageName} is not installed; ${purpose}. Install it with: npm install ${packageName}`,
    );
  }
}

/**
 * The main file of an npm package in a node_modules folder of the current folder or above it, else of this
 * program's own folder or above. The built program carries neither Dawn nor Playwright: whoever runs it brings them.
 */
export function findPackage(packageName: string): string | undefined {
  for (const from of [pathToFileURL(join(process.cwd(), 'here.js')).href, import.meta.url]) {
    try {
      return createRequire(from).resolve(packageName);
    } catch {
      // Not installed there: the next place, or none.
    }
  }
  return undefined;
}

/** Playwright's library, or undefined where it is not installed. */
export function loadPlaywright(): typeof import('playwright-core') | undefined {
  const path = findPackage('playwright-core');
  return path === undefined ? undefined : createRequire(import.meta.url)(path);
}
