import { describe, expect, test } from 'vitest';
import { BrowserNotFoundError, findBrowser, type Machine } from '../../src/cli/findBrowser.ts';

/** A machine with these programs and nothing else. */
function machine(programs: string[], overrides: Partial<Machine> = {}): Machine {
  return {
    platform: 'linux',
    env: { PATH: '/usr/bin:/opt/bin' },
    home: '/home/me',
    isExecutable: (path) => programs.includes(path),
    starts: () => true,
    playwrightPath: () => undefined,
    aptRefusal: () => 'there is no apt-get here',
    aptInstall: () => {
      throw new Error('not to be called');
    },
    ...overrides,
  };
}

const silent = () => {};

describe('findBrowser', () => {
  test('BASIN_BROWSER comes first', () => {
    const env = { PATH: '/usr/bin', BASIN_BROWSER: '/my/browser' };
    const here = machine(['/usr/bin/google-chrome', '/my/browser'], { env });
    expect(findBrowser({ machine: here })).toEqual({ path: '/my/browser', source: 'BASIN_BROWSER' });
  });

  test('a BASIN_BROWSER that is not there is an error, whatever else is', () => {
    const here = machine(['/usr/bin/google-chrome'], { env: { PATH: '/usr/bin', BASIN_BROWSER: '/gone' } });
    expect(() => findBrowser({ machine: here })).toThrow(/BASIN_BROWSER is \/gone/);
  });

  test('an installed browser: Chrome before Chromium before Edge, anywhere on PATH', () => {
    const all = ['/usr/bin/microsoft-edge', '/usr/bin/chromium', '/opt/bin/google-chrome'];
    for (const expected of ['/opt/bin/google-chrome', '/usr/bin/chromium', '/usr/bin/microsoft-edge']) {
      expect(findBrowser({ machine: machine(all) })).toEqual({ path: expected, source: 'installed' });
      all.pop();
    }
  });

  test('the usual places off PATH', () => {
    const found = (platform: NodeJS.Platform, path: string, env = {}) =>
      findBrowser({ machine: machine([path], { platform, env }) }).path;
    const chrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
    expect(found('darwin', chrome)).toBe(chrome);
    expect(found('darwin', `/home/me${chrome}`)).toBe(`/home/me${chrome}`);
    expect(found('linux', '/opt/google/chrome/chrome')).toBe('/opt/google/chrome/chrome');
    const edge = '/programs/Microsoft/Edge/Application/msedge.exe';
    expect(found('win32', edge, { PROGRAMFILES: '/programs' })).toBe(edge);
  });

  test('a stand-in that does not start is passed over', () => {
    const here = machine(['/usr/bin/chromium-browser', '/opt/bin/microsoft-edge'], {
      starts: (path) => path !== '/usr/bin/chromium-browser',
    });
    expect(findBrowser({ machine: here }).path).toBe('/opt/bin/microsoft-edge');
  });

  test("Playwright's own, if it has been downloaded", () => {
    const playwrightPath = () => '/cache/chrome';
    expect(findBrowser({ machine: machine(['/cache/chrome'], { playwrightPath }) })).toEqual({
      path: '/cache/chrome',
      source: 'playwright',
    });
    expect(() => findBrowser({ machine: machine([], { playwrightPath }) })).toThrow(/not at \/cache\/chrome/);
  });

  describe('apt-get', () => {
    /** A machine on which apt-get brings /usr/bin/chromium. */
    function debian(env: Record<string, string> = {}): Machine {
      const programs: string[] = [];
      return machine(programs, {
        env: { PATH: '/usr/bin', ...env },
        isExecutable: (path) => programs.includes(path),
        aptRefusal: () => undefined,
        aptInstall: () => void programs.push('/usr/bin/chromium'),
      });
    }

    test('installs where a caller, CI or BASIN_INSTALL_BROWSER allows it', () => {
      const installed = { path: '/usr/bin/chromium', source: 'apt-get' };
      expect(findBrowser({ install: true, machine: debian(), log: silent })).toEqual(installed);
      expect(findBrowser({ machine: debian({ CI: 'true' }), log: silent })).toEqual(installed);
      expect(findBrowser({ machine: debian({ BASIN_INSTALL_BROWSER: '1' }), log: silent })).toEqual(
        installed,
      );
    });

    test('installs nothing otherwise', () => {
      expect(() => findBrowser({ machine: debian() })).toThrow(/only with BASIN_INSTALL_BROWSER=1/);
      const forbidden = debian({ CI: 'true', BASIN_INSTALL_BROWSER: '0' });
      expect(() => findBrowser({ install: true, machine: forbidden })).toThrow(
        /forbidden by BASIN_INSTALL_BROWSER=0/,
      );
    });

    test('says why it failed', () => {
      const failing = debian();
      failing.aptInstall = () => {
        throw new Error('it ended with 100, E: Unable to locate package chromium');
      };
      expect(() => findBrowser({ install: true, machine: failing, log: silent })).toThrow(
        /Unable to locate package/,
      );
      const useless = debian();
      useless.aptInstall = silent;
      expect(() => findBrowser({ install: true, machine: useless, log: silent })).toThrow(
        /nothing that starts/,
      );
    });
  });

  test('the error names every place and the ways out', () => {
    expect.assertions(7);
    try {
      findBrowser({ install: true, machine: machine([]) });
    } catch (error) {
      expect(error).toBeInstanceOf(BrowserNotFoundError);
      for (const part of [
        'BASIN_BROWSER',
        'PATH',
        'Playwright',
        'apt-get install chromium (there is no apt-get here)',
        'npx playwright install chromium',
        'set BASIN_BROWSER',
      ]) {
        expect((error as Error).message).toContain(part);
      }
    }
  });

  test('the machine that runs the tests has one', () => {
    expect(findBrowser({ install: true }).path).not.toBe('');
  });
});
