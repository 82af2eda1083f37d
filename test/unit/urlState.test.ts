import { expect, test } from 'vitest';
import { formatUrlState, parseUrlState, type UrlState } from '../../src/web/urlState.ts';

test.each([
  ['', '', {}],
  ['#ladders', 'ladders', {}],
  ['#data=mnist&B=64&lr=0.05,0.2', '', { data: 'mnist', B: '64', lr: '0.05,0.2' }],
  ['#optimal-step?preset=quick', 'optimal-step', { preset: 'quick' }],
  ['#data=mnist?average_pool=4', '', { data: 'mnist?average_pool=4' }],
  ['#optimal-step?data=mnist?average_pool=4', 'optimal-step', { data: 'mnist?average_pool=4' }],
])('%j is read', (fragment, place, values) => {
  expect(parseUrlState(fragment)).toEqual({ place, values });
});

test.each<UrlState>([
  { place: '', values: {} },
  { place: 'ladders', values: {} },
  { place: '', values: { data: 'mnist?average_pool=4', files: 'a b+c&d=e%20#f.npz' } },
  { place: 'a claim/1=?', values: { lr: '0.05,0.2', seed: '0-3', text: 'ε ≤ 2' } },
])('what is written is read again: %j', (state) => {
  const fragment = formatUrlState(state);
  expect(parseUrlState(fragment)).toEqual(state);
  // An address that is copied stays the same.
  expect(new URL(fragment, 'https://a.org/').hash).toBe(fragment);
});

test('an address stays readable, and one that is no encoded text is taken as it stands', () => {
  expect(formatUrlState({ place: '', values: { lr: '0.05,0.2', data: 'mnist' } })).toBe(
    '#lr=0.05,0.2&data=mnist',
  );
  expect(parseUrlState('#100%').place).toBe('100%');
});
