/**
 * What keys mean in a grid of tiles. Pure: an event in, an intent out; the grid carries it out.
 */

/** What a key asks for. */
export type GridIntent =
  | { readonly kind: 'move'; readonly by: 'tile' | 'row' | 'page' | 'end'; readonly step: -1 | 1; readonly isExtending: boolean }
  | { readonly kind: 'toggle' | 'open' | 'all' | 'clear' | 'delete' };

/** The part of a keyboard event that counts. */
export interface PressedKey {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

const moves: Readonly<Record<string, readonly ['tile' | 'row' | 'page' | 'end', -1 | 1]>> = {
  ArrowLeft: ['tile', -1], ArrowRight: ['tile', 1], ArrowUp: ['row', -1], ArrowDown: ['row', 1],
  PageUp: ['page', -1], PageDown: ['page', 1], Home: ['end', -1], End: ['end', 1],
};

/** What the key asks for, or undefined where it is not the grid's. */
export function intentOf({ key, shiftKey, ctrlKey, metaKey, altKey }: PressedKey): GridIntent | undefined {
  if (altKey) return undefined;
  if (ctrlKey || metaKey) return key.toLowerCase() === 'a' ? { kind: 'all' } : undefined;
  const move = moves[key];
  if (move !== undefined) return { kind: 'move', by: move[0], step: move[1], isExtending: shiftKey };
  if (key === ' ') return { kind: 'toggle' };
  if (key === 'Enter') return { kind: 'open' };
  if (key === 'Escape') return { kind: 'clear' };
  return key === 'Delete' ? { kind: 'delete' } : undefined;
}
