import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { button } from './browserPage.ts';

/** Puts a line in front of the worker's script, which init scripts do not reach. */
export async function inWorker(page: Page, line: string): Promise<void> {
  await page.route('**/jobWorker*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${line}\n${await response.text()}` });
  });
}

/** What the fields of the Lab's form hold. */
export async function fill(page: Page, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const control = page.locator(`#setting-${name}`);
    if ((await control.evaluate((element) => element.tagName)) === 'SELECT')
      await control.selectOption(value);
    else await control.fill(value);
  }
}

export function lastStep(page: Page): Promise<number> {
  return page.locator('.numbers').evaluate((element) => Number(element.getAttribute('data-step')));
}

export async function waitForStep(page: Page, least: number): Promise<void> {
  await expect.poll(() => lastStep(page), { timeout: 60_000 }).toBeGreaterThan(least);
}

/** Waits until a run that rests is kept as it is. @returns the step that it can go on from */
export async function keptStep(page: Page): Promise<number> {
  const branch = page.getByRole('button', { name: /^Branch from step/ });
  await branch.waitFor({ timeout: 60_000 });
  return Number((await branch.getAttribute('aria-label'))!.replace(/\D/g, ''));
}

export async function start(page: Page): Promise<void> {
  await button(page, 'Start').click();
}
