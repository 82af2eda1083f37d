import { useEffect, useState } from 'preact/hooks';

/**
 * A page's own state in its address, behind the `#`, so that it is shared and reloaded, and never sent to a server: a place (a claim, a
 * view), values by name, or both: `#ladders`, `#data=mnist&B=64`, `#optimal-step?preset=quick`.
 */
export interface UrlState {
  readonly place: string;
  readonly values: Readonly<Record<string, string>>;
}

/** @param fragment as the browser gives it, with or without its `#` */
export function parseUrlState(fragment: string): UrlState {
  const text = fragment.replace(/^#/, '');
  // Values may hold a question mark, a place no equals sign.
  const [, place, values] = /^([^=?]*)(?:\?(.*))?$/s.exec(text) ?? ['', '', text];
  return { place: decoded(place!), values: Object.fromEntries(new URLSearchParams(values)) };
}

/** The fragment of a state, its `#` included; empty for a state that says nothing. */
export function formatUrlState({ place, values }: UrlState): string {
  // What a fragment may hold as it is stays readable.
  const list = `${new URLSearchParams(values)}`.replace(/%(2C|3A|2F|40|3F)/g, decodeURIComponent);
  const where = encodeURIComponent(place).replaceAll('%2F', '/');
  const text = list === '' || where === '' ? where + list : `${where}?${list}`;
  return text === '' ? '' : `#${text}`;
}

export function readUrlState(): UrlState {
  return parseUrlState(location.hash);
}

export interface UrlChange {
  readonly place?: string;
  /** By name; undefined takes a value out of the address. */
  readonly values?: Readonly<Record<string, string | undefined>>;
}

/**
 * Changes parts of the state in the address; what is not named stays.
 * @param how 'push' where the way back leads to the state before: another place; by default the address is only kept up to date
 */
export function changeUrlState({ place, values }: UrlChange, how: 'replace' | 'push' = 'replace'): void {
  const before = readUrlState();
  const merged = Object.entries({ ...before.values, ...values }).filter(([, value]) => value !== undefined);
  const fragment = formatUrlState({
    place: place ?? before.place,
    values: Object.fromEntries(merged) as Record<string, string>,
  });
  if (fragment === location.hash) return;
  const address = location.pathname + location.search + fragment;
  if (how === 'push') history.pushState(history.state, '', address);
  else history.replaceState(history.state, '', address);
  // Neither tells anyone by itself.
  dispatchEvent(new Event(CHANGED));
}

const CHANGED = 'basin:url-state';

/** The state in the address as it is now, drawn anew when it changes: by `changeUrlState`, a link, the way back. */
export function useUrlState(): UrlState {
  const [state, setState] = useState(readUrlState);
  useEffect(() => {
    const follow = () => setState(readUrlState());
    const events = [CHANGED, 'hashchange', 'popstate'];
    for (const event of events) addEventListener(event, follow);
    // What changed between the first drawing and now.
    follow();
    return () => {
      for (const event of events) removeEventListener(event, follow);
    };
  }, []);
  return state;
}

/** An address that someone wrote by hand may be no encoded text. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
