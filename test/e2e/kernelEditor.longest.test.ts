import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ROOT } from './basin.ts';
import { button, violations, waitForStatus, withPage } from './browserPage.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();
const POLICY = "default-src 'self'; base-uri 'none'";

const shader = (name: string): string =>
  readFileSync(join(ROOT, 'shaders', 'ladder', `${name}.wgsl`), 'utf8');
const staged = shader('matmulStaged');
/** The same product without workgroup memory, whose barriers cost a software adapter more than they spare. */
const faster = shader('matmulCoalesced');

/** Serves the pages with the strict policy, and keeps what they violate of it. */
async function withPolicy(page: Page): Promise<void> {
  await page.route('**/*.html', async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      headers: { ...response.headers(), 'content-security-policy': POLICY },
    });
  });
  await page.addInitScript(() => {
    const list: string[] = [];
    Object.assign(window, { violated: list });
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      list.push(`${violatedDirective} ${blockedURI}`),
    );
  });
}

async function write(page: Page, text: string): Promise<void> {
  await page.locator('.cm-content').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
}

/** Checks what is in the editor, and gives what is said of it. */
async function check(page: Page, title: string): Promise<string> {
  await button(page, 'Check and time').click();
  await waitForStatus(page, new RegExp(`Checked: ${title.toLowerCase()}$`), 90_000);
  expect(await page.locator('.edit-outcome h3').textContent()).toBe(title);
  return `${await page.locator('.edit-outcome .said').textContent()}`;
}

test('a kernel is edited in the page: what does not compile, races, is wrong or is faster is shown as what it is, and kept', async () => {
  const { origin } = pages.server;
  await withPage(pages.browser, origin, async (page) => {
    await withPolicy(page);
    await page.goto(`${origin}/bench.html#ladders?ladder=matmul&version=3&quick=1`);
    await waitForStatus(page, /Ready/);
    await button(page, 'Edit ladder/matmulStaged').click();
    await page.locator('.code-editor[data-ready="true"]').waitFor();
    const shown = page.locator('.cm-content');
    expect(await shown.textContent()).toContain('var<workgroup> aTile');
    expect(await page.locator('.about-kernel').textContent()).toMatch(/16 × 16 tiles.*128×128×128/);

    // A compiler's error, at its line.
    const broken = staged.replace('sum += aTile', 'sum +== aTile');
    const line = broken.split('\n').findIndex((each) => each.includes('+==')) + 1;
    await write(page, broken);
    expect(await check(page, 'Does not compile')).toMatch(new RegExp(`line ${line}: `));
    expect(await page.locator('.cm-lint-marker-error').count()).toBe(1);
    await button(page, `line ${line}`).first().click();
    await page.locator('.cm-activeLine').filter({ hasText: '+==' }).waitFor();
    expect(await violations(page)).toEqual([]);

    // A barrier less: what a GPU would do now and then, the detector finds each time.
    await write(page, staged.replace('workgroupBarrier();', ''));
    expect(await check(page, 'Races')).toMatch(/invocation \d+ \(.*line \d+\).*unordered/);
    expect(await page.locator('.edit-problems li').first().textContent()).toMatch(/^line \d+/);

    await write(page, staged.replace('= sum;', '= sum + 0.5;'));
    expect(await check(page, 'Wrong')).toMatch(
      /^WRONG at .*: the result\[\d+, \d+\].* expected .*: off by 0\.5.*, allowed are .*elements are wrong/,
    );

    await write(page, faster);
    await page.getByLabel('x', { exact: true }).fill('ceil(m * n / 64)');
    expect(await check(page, 'Right, and faster')).toMatch(
      /at 128×128×128 FASTER: 0\.\d+ ± .* the shipped kernel/,
    );
    const row = (version: string) => page.locator(`[data-version="${version}"]`);
    for (const version of ['shipped', 'edited'])
      expect(await row(version).textContent()).toMatch(/\d ± [\d.]+.*%\s?(compute|memory)/);
    expect(await row('shipped').locator('.change').textContent()).toMatch(/^0\.\d{3} ± /);
    expect(await page.locator('.edit-checks').textContent()).toMatch(
      /No race at 20×20×20.*68×36×132.*33×127×65.*1×1×1.*128×128×128/s,
    );
    expect(await violations(page)).toEqual([]);

    // Kept, it is one version more of its ladder, and the address holds it.
    await page.getByLabel('Keep it as').fill('side by side');
    await button(page, 'Keep').click();
    await page.locator('[data-kept="side by side"]').waitFor();
    const address = page.url();
    expect(address).toMatch(/#editor\?.*text=/);

    // Beside the last version that was right: A B C.
    await write(page, faster.replace('var sum = 0.0;', 'var sum = 0.0; // From nothing.'));
    await button(page, 'Check and time').click();
    await row('last').waitFor({ timeout: 60_000 });
    expect(await page.locator('.edit-outcome .said').textContent()).toMatch(/your last version/);

    await page.getByRole('tab', { name: 'Ladders', exact: true }).click();
    const kept = page.locator('.rung-mark').last();
    expect(await kept.textContent()).toMatch(/^10side by side \(written here\)/);
    await kept.click();
    await button(page, 'Open in the editor').click();
    await expect.poll(() => shown.textContent()).toContain('neighbours');

    const other = await page.context().newPage();
    await withPolicy(other);
    await other.goto(address);
    await other.locator('.code-editor[data-ready="true"]').waitFor();
    const lines = await other.locator('.cm-content .cm-line').allTextContents();
    expect(faster).toContain(lines.slice(0, 12).join('\n'));
    expect(await other.getByLabel('x', { exact: true }).inputValue()).toBe('ceil(m * n / 64)');
    for (const each of [page, other]) {
      const violated = await each.evaluate(() => (window as unknown as { violated: string[] }).violated);
      expect(violated).toEqual([]);
    }
  });
}, 240_000);
