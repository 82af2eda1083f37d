/**
 * GPU tests of one's own with Playwright: its `test`, with a page on a WebGPU adapter.
 * @module basin/playwright
 */

export { expect } from '@playwright/test';
export { type GpuAdapter, type GpuFixtures, type GpuWorkerFixtures, test } from './playwright/gpuTest.ts';
