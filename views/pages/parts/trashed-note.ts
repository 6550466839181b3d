/**
 * A word from one page to the next: this image was just put into the trash, so that the gallery can say so and offer to undo it.
 * Lives in this tab alone and is read once.
 */

const key = 'dice.trashed';

/** The image that was removed. */
export interface TrashedNote {
  readonly id: string;
  readonly name: string;
}

/** Leaves the word for the next page of this tab. */
export function noteTrashed({ id, name }: TrashedNote): void {
  sessionStorage.setItem(key, JSON.stringify({ id, name }));
}

/** Takes the word; undefined where none was left. */
export function takeTrashed(): TrashedNote | undefined {
  const text = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isNote(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isNote(value: unknown): value is TrashedNote {
  return typeof value === 'object' && value !== null && 'id' in value && 'name' in value && typeof value.id === 'string' && typeof value.name === 'string';
}
