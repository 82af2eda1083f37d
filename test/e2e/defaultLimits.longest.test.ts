// The tests of the pages once more, where a device has WebGPU's default limits and no feature.
process.env.BASIN_DEFAULT_LIMITS = '1';
await import('./page.test.ts');
await import('./runs.test.ts');
await import('./measurePage.test.ts');
await import('./landscapePage.test.ts');
await import('./benchPage.test.ts');

export {};
