import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { basin, inFolder, ROOT } from './basin.ts';
import { button, save, violations, waitForStatus, withPage } from './browserPage.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();

/** A convolutional network with BatchNorm, its state dict and a vector of PyTorch's, and images. */
const CNN = join(ROOT, 'test/fixtures/cases/measure-batchnorm-eval');
const CNN_FILES = ['model.json', 'weights.safetensors', 'v.safetensors', 'data.safetensors'];

/** Drops files on the page as a hand does. */
async function drop(page: Page, folder: string, names: readonly string[]): Promise<void> {
  const files = names.map((name) => ({ name, bytes: readFileSync(join(folder, name)).toString('base64') }));
  const transfer = await page.evaluateHandle((given) => {
    const transfer = new DataTransfer();
    for (const { name, bytes } of given) {
      transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
    }
    return transfer;
  }, files);
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
}

/** A command line's words, as a shell takes them. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

/** What is not the same twice: when it was, and on what. */
const SAME_ADAPTER = ['job', 'date', 'seconds', 'version', 'commit', 'adapter'];

describe('the page Measure', () => {
  test('a CNN of PyTorch’s, dropped: the numbers of the command line to the bit, by the commands that the page shows', async () => {
    await withPage(pages.browser, pages.server.origin, async (page) => {
      const state =
        '#weights=weights.safetensors&hvp=v.safetensors&eval=on&batch_sharpness=on&eigenvalues=2&smallest=1&starts=4&steps=8&iterations=3&histogram=21';
      await page.goto(`${pages.server.origin}/measure.html${state}`);
      await waitForStatus(page, /Ready/);
      expect(await violations(page)).toEqual([]);
      await drop(page, CNN, CNN_FILES);
      await waitForStatus(page, /4 files taken/);
      await button(page, 'Run').focus();
      await page.keyboard.press('Enter');
      // The focus stays on a control, and what runs has no fault either.
      await page.locator('.run-bar button:focus').filter({ hasText: 'Stop' }).waitFor();
      expect(await violations(page)).toEqual([]);
      await waitForStatus(page, /^Finished/, 100_000);
      await page.locator('.figures .drawing > svg').nth(4).waitFor();
      expect(await violations(page)).toEqual([]);

      const commands = (await page.locator('.command code').textContent())!.split('\n');
      const saved = {
        measure: await save(page, 'Save numbers as JSON'),
        sharpness: await save(page, 'Save sharpness as JSON'),
        tensors: await save(page, 'Save gradient and variance'),
        displacements: await save(page, 'Save displacements'),
        csv: `${await save(page, 'Save CSV')}`,
        density: `${await save(page, 'Save density as SVG')}`,
      };
      await inFolder(async (folder) => {
        const run = async (command: string, ...rest: string[]): Promise<void> => {
          const [program, ...args] = words(command);
          expect(program).toBe('basin');
          const outputs = ['--out', join(folder, 'r.json'), '--tensors', join(folder, 't.safetensors')];
          const { exitCode, stderr } = await basin(
            [...args, ...outputs, '--runtime', 'browser', ...rest],
            CNN,
            {
              BASIN_KERNELS: join(folder, 'none.json'),
            },
          );
          expect(exitCode, stderr).toBe(0);
        };
        const read = (name: string): Buffer => readFileSync(join(folder, name));
        expect(commands).toHaveLength(2);
        await run(commands[0]!, '--figure', join(folder, 'density.svg'));
        expect(`${saved.measure}`).toBe(`${read('r.json')}`);
        expect(saved.tensors.equals(read('t.safetensors'))).toBe(true);
        expect(saved.density).toBe(`${read('density.svg')}`);
        await run(commands[1]!);
        expect(saved.displacements.equals(read('t.safetensors'))).toBe(true);
        const [here, there] = [saved.sharpness, read('r.json')].map((text) => {
          const result: Record<string, unknown> = JSON.parse(`${text}`);
          return Object.fromEntries(Object.entries(result).filter(([key]) => !SAME_ADAPTER.includes(key)));
        });
        expect(here).toEqual(there);
        expect(Object.keys(here!)).toEqual(expect.arrayContaining(['keskar', 'sam', 'adaptive', 'kernels']));
      });

      // Cards and CSV have the result's own numbers.
      const result = JSON.parse(`${saved.measure}`);
      const card = (key: string) => page.locator(`.number-card[data-key="${key}"]`);
      for (const key of ['loss', 'bSimple', 'bNoise', 'epsMax', 'traceHessianCovariance']) {
        expect(await card(key).getAttribute('data-value')).toBe(`${result[key]}`);
      }
      expect(await card('hessian.eigenvalues.0.value').getAttribute('data-value')).toBe(
        `${result.hessian.eigenvalues[0].value}`,
      );
      const { traceCovariance, traceCovarianceStderr, traceCovarianceInterval } = result;
      const [low, high] = traceCovarianceInterval;
      expect(low).toBeLessThan(high);
      expect(saved.csv).toContain(
        `\ntraceCovariance,${traceCovariance},${traceCovarianceStderr},${low},${high}\n`,
      );
    });
  });

  test('on a narrow dark screen: the example from its address, a run that is stopped, and what is refused', async () => {
    await withPage(
      pages.browser,
      pages.server.origin,
      async (page) => {
        const state = '#example=1&density=&eigenvalues=&sharpness=&tests=';
        await page.goto(`${pages.server.origin}/measure.html${state}`);
        await waitForStatus(page, /^Finished/, 100_000);
        await page.locator('.figures .drawing > svg').first().waitFor();
        const first = await save(page, 'Save CSV');
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
        expect(await violations(page)).toEqual([]);
        await page.reload();
        await waitForStatus(page, /^Finished/, 100_000);
        expect((await save(page, 'Save CSV')).equals(first)).toBe(true);

        // What the address does not say the form has.
        await page.locator('summary', { hasText: 'Spectrum' }).click();
        await page.getByRole('textbox', { name: 'Largest eigenvalues' }).fill('many');
        await page.locator('summary', { hasText: 'Spectrum' }).click();
        await button(page, 'Run').click();
        // The field is shown, and has the focus.
        expect(await page.locator('#error-eigenvalues').textContent()).toMatch(/“many” is no number/);
        await page.locator('#setting-eigenvalues:focus').waitFor();
        await page.locator('#setting-eigenvalues').fill('');
        await page.getByRole('checkbox', { name: 'Spectral density' }).check();
        await page.getByRole('textbox', { name: '… random starts' }).fill('4000');
        await button(page, 'Run').click();
        await page.locator('.run-bar .numbers', { hasText: 'products' }).waitFor();
        expect(await violations(page)).toEqual([]);
        await button(page, 'Stop').click();
        await waitForStatus(page, /^Stopped: nothing is kept/);

        await page.locator('#setting-data').fill('gaussian-clusters?dims=5');
        await button(page, 'Run').click();
        const alert = page.getByRole('alert');
        await alert.waitFor();
        expect(await alert.textContent()).toMatch(/example\.json/);
        expect(await violations(page)).toEqual([]);

        // A checkpoint without a model: what its tensors tell, and what is left to say.
        for (const name of await page.locator('.given .name').allTextContents()) {
          if (name.includes('.json'))
            await page.getByRole('button', { name: `Remove ${name.split(' ')[0]}` }).click();
        }
        await page.getByText('0 Linear 8 → 16, 2 Linear 16 → 4').waitFor();
        expect(await button(page, 'Take this model').isDisabled()).toBe(true);
        await page.locator('#setting-activation').selectOption('ReLU');
        await page.locator('#setting-loss').selectOption('cross_entropy');
        expect(await violations(page)).toEqual([]);
        await button(page, 'Take this model').click();
        await page.locator('.given', { hasText: 'model.json' }).waitFor();
        const model = JSON.parse(`${await save(page, 'Save model.json')}`);
        expect(model.layers.map(({ type }: { type: string }) => type)).toEqual(['Linear', 'ReLU', 'Linear']);
      },
      { viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
    );
  });
});
