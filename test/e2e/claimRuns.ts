import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { effectText } from '../../src/experiments/effectText.ts';
import { effectsFromCsv } from '../effectsFromCsv.ts';
import { save } from './browserPage.ts';

/** Each effect that a claim's page shows, held against the one that its CSV gives again. @returns how many there are */
export async function expectEffectsOfCsv(page: Page): Promise<number> {
  const found = effectsFromCsv(`${await save(page, 'Save CSV')}`);
  const rows = page.locator('.result .effects .effect');
  const shown = await rows.evaluateAll((all) =>
    all.map((row) => [
      row.querySelector('.said')!.textContent,
      row.querySelector('.effect-numbers strong')!.textContent,
    ]),
  );
  expect(shown).toEqual(
    found.map(({ name, again: [value, low, high] }) => [name, effectText(value!, [low!, high!])]),
  );
  return found.length;
}
