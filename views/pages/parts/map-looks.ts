/**
 * How a place of a block map looks: one look for each state of a tile and each outcome of a check, with the colours of the design
 * tokens, so that light and dark both fit. No drawing.
 */

/** What a content shows. */
export type CellState = 'unknown' | 'new' | 'stored' | 'patched' | 'flat';
export type CellOutcome = 'unchecked' | 'good' | 'bad';

/** Looks by number; the states have the numbers of tileStateCodes. */
export const looks = { unknown: 0, new: 1, stored: 2, flat: 3, patched: 4, good: 5, bad: 6 } as const;

/** The names of the states by number. */
export const stateNames: readonly CellState[] = ['unknown', 'new', 'stored', 'flat', 'patched'];

/** Colour (`#rrggbb`) and strength, 0 to 1, of each look; what is new must stand out, and what failed above all. */
export interface Palette {
  readonly colours: readonly string[];
  readonly ink: string;
  readonly paper: string;
  readonly good: string;
}

export const strengths: readonly number[] = [0.06, 0.5, 0.22, 0.3, 0.5, 0.6, 0.85];

/** The palette of the page as it is now. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return { colours: ['flat', 'new', 'stored', 'flat', 'patched', 'accent', 'bad'].map(token), ink: token('ink'), paper: token('surface'), good: token('accent') };
}

/** Each look as a pixel of canvas image data (red in the lowest byte). */
export function pixelsOf({ colours }: Palette): Uint32Array {
  return Uint32Array.from(colours, (colour, look) => {
    const value = /^#[0-9a-f]{6}$/i.test(colour) ? Number.parseInt(colour.slice(1), 16) : 0x808080;
    const [red, green, blue] = [value >> 16, (value >> 8) & 0xff, value & 0xff];
    return ((Math.round((strengths[look] ?? 0) * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}
