import { expect, test } from 'vitest';
import { violations, withPage } from './browserPage.ts';
import { fill, start } from './labPage.ts';
import { servedPages } from './servedPages.ts';

const served = servedPages();

test('a text that the Lab is given sets the form for a small Transformer, which learns it and goes on with it', async () => {
  const { origin } = served.server;
  await withPage(served.browser, origin, async (page) => {
    await page.goto(`${origin}/lab.html`);
    const files = page.locator('#setting-files');
    const text = 'It was the best of times, it was the worst of times. '.repeat(60);
    await files.setInputFiles({ name: 'tale.txt', mimeType: 'text/plain', buffer: Buffer.from(text) });
    await expect.poll(() => page.locator('#setting-data').inputValue()).toBe('tale.txt');
    expect(await page.locator('#setting-transformer').inputValue()).toBe('2, 64, 4');
    expect(await page.locator('#setting-optimizer').inputValue()).toBe('adamw');
    expect(await page.locator('#setting-hidden').count()).toBe(0);

    await fill(page, {
      transformer: '1, 16, 2',
      batchSize: '4',
      length: '8',
      evaluateEvery: '4',
      sample: '40',
    });
    await start(page);
    const samples = page.locator('.sample');
    await samples.first().waitFor({ timeout: 60_000 });
    await expect.poll(() => samples.count(), { timeout: 60_000 }).toBe(2);
    expect(await samples.first().locator('h3').textContent()).toBe('The model goes on, step 8');
    // Forty bytes, whatever they are to UTF-8.
    const newest = (await samples.first().locator('pre').textContent())!;
    expect(newest.length).toBeGreaterThan(10);
    expect(newest.length).toBeLessThanOrEqual(40);
    expect(await violations(page)).toEqual([]);

    // What is kept of the run has its texts too.
    await page.reload();
    await samples.first().waitFor();
    expect(await samples.first().locator('pre').textContent()).toBe(newest);

    await fill(page, { transformer: '2, 64' });
    await start(page);
    await expect
      .poll(() => page.locator('#error-transformer').textContent())
      .toBe('Expected three numbers, layers, width and heads, found 2.');
  });
});
