/**
 * One line for readers of the screen: what changed, said once it has come to rest.
 */
import { byId } from './dom.js';

const restMs = 600;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says `text` soon, unless something else comes before. */
export function say(text: string): void {
  clearTimeout(timer);
  timer = setTimeout(() => { byId('said', HTMLElement).textContent = text; }, restMs);
}
