/**
 * The field to find images with: filters as the person types, keeps the search with the history entry, and has the `/` key.
 */
import { byId, show } from './dom.js';
import { filterOf, type ImageFilter } from './image-search.js';
import { keepSearch, placeNow } from './place.js';

/** Watches the field from now on; `onFilter` gets the filter of what stands there, also at once where the entry has a search. */
export function watchSearch(onFilter: (filter: ImageFilter | undefined) => void): void {
  const input = byId('search', HTMLInputElement);
  const clear = byId('search-clear', HTMLButtonElement);
  const apply = (): void => {
    show(clear, input.value !== '');
    onFilter(filterOf(input.value, Date.now()));
  };
  const set = (text: string): void => {
    input.value = text;
    apply();
  };
  input.addEventListener('input', () => {
    apply();
    keepSearch(input.value);
  });
  input.addEventListener('keydown', (event) => { if (event.key === 'Escape' && input.value !== '') { event.preventDefault(); clear.click(); } });
  clear.addEventListener('click', () => {
    set('');
    keepSearch('');
    input.focus();
  });
  window.addEventListener('popstate', () => { set(placeNow().search); });
  document.addEventListener('keydown', (event) => { if (isSlash(event)) { event.preventDefault(); input.focus(); input.select(); } });
  if (placeNow().search !== '') set(placeNow().search);
}

function isSlash(event: KeyboardEvent): boolean {
  const isTyping = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox' || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
  return event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping;
}
