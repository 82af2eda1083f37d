import { describe, expect, test } from 'vitest';
import { Scope } from '../../src/gpu/scope.ts';

/** Something to hold, which notes in `freed` when it is let go. */
function part(name: string, freed: string[]): { dispose(): void } {
  return { dispose: () => freed.push(name) };
}

describe('a scope', () => {
  test('frees what it holds where the making fails, the last one first', async () => {
    const freed: string[] = [];
    await expect(
      Scope.make(async (scope) => {
        scope.own(part('a', freed));
        scope.own({ destroy: () => freed.push('b') });
        throw new Error('no more');
      }),
    ).rejects.toThrow('no more');
    expect(freed).toEqual(['b', 'a']);
    expect(() =>
      Scope.makeNow((scope) => {
        scope.own(part('c', freed));
        throw new Error('nor here');
      }),
    ).toThrow('nor here');
    expect(freed).toEqual(['b', 'a', 'c']);
  });

  test('is handed over where the making succeeds', async () => {
    const freed: string[] = [];
    const scope = await Scope.make(async (made) => {
      made.own(part('a', freed));
      return made;
    });
    expect(freed).toEqual([]);
    scope.dispose();
    scope.dispose();
    expect(freed).toEqual(['a']);
  });

  test('frees at the end what was needed for a while', async () => {
    const freed: string[] = [];
    const result = await Scope.within(async (scope) => {
      scope.own(part('a', freed));
      return 3;
    });
    expect(result).toBe(3);
    expect(freed).toEqual(['a']);
  });

  test('waits for all that is under way before it tells of a failure', async () => {
    const freed: string[] = [];
    let settle: (made: { dispose(): void }) => void = () => {};
    const late = new Promise<{ dispose(): void }>((resolve) => {
      settle = resolve;
    });
    const making = Scope.make((scope) => scope.all([Promise.reject(new Error('first')), late]));
    settle(part('late', freed));
    await expect(making).rejects.toThrow('first');
    expect(freed).toEqual(['late']);
  });

  test('frees at once what comes after its end', () => {
    const freed: string[] = [];
    const scope = new Scope();
    scope.dispose();
    expect(() => scope.own(part('a', freed))).toThrow(/disposed of/);
    expect(freed).toEqual(['a']);
  });
});
