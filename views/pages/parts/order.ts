/**
 * By which time a gallery is ordered: when an image was stored, or when its file was made. The choice is kept in this browser.
 */
import { byId } from './dom.js';
import type { TimeOf } from './image-list.js';

const key = 'dice.gallery-order';
const times: Readonly<Record<'stored' | 'file', TimeOf>> = {
  stored: ({ createdAt }) => createdAt,
  file: ({ createdAt, modifiedAt }) => modifiedAt ?? createdAt,
};

/** The order that was chosen last; at first by storing, so that what was just uploaded stands at the top. */
export function chosenTime(): TimeOf {
  return times[chosen()];
}

/** Watches the choice of the page. */
export function watchOrder(onOrder: (timeOf: TimeOf) => void): void {
  const select = byId('order', HTMLSelectElement);
  select.value = chosen();
  select.addEventListener('change', () => {
    localStorage.setItem(key, select.value);
    onOrder(chosenTime());
  });
}

function chosen(): keyof typeof times {
  return localStorage.getItem(key) === 'file' ? 'file' : 'stored';
}
