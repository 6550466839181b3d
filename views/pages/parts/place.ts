/**
 * What of a page comes back with the browser's back button: search, order and how far it was scrolled. Kept in the state of the
 * history entry, which no server ever sees and which ends with the tab.
 */

/** What is kept. */
export interface Place {
  readonly search: string;
  readonly top: number;
}

/** The place of this history entry. */
export function placeNow(): Place {
  const state: unknown = history.state;
  if (typeof state !== 'object' || state === null) return { search: '', top: 0 };
  const { search, top } = state as Readonly<Record<string, unknown>>; // Any object may be read by names.
  return { search: typeof search === 'string' ? search : '', top: typeof top === 'number' && top > 0 ? top : 0 };
}

/** Keeps the search; one that begins is a step that back takes away. */
export function keepSearch(search: string): void {
  const { search: before } = placeNow();
  if (before === search) return;
  const place: Place = { search, top: 0 };
  if (before === '') history.pushState(place, '');
  else history.replaceState(place, '');
}

/** From now on the page itself keeps and restores how far it is scrolled. */
export function keepScroll(): void {
  history.scrollRestoration = 'manual';
  window.addEventListener('pagehide', () => {
    const place: Place = { ...placeNow(), top: scrollY };
    history.replaceState(place, '');
  });
}
