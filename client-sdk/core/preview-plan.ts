/**
 * How large a preview may be and how it is made smaller until it fits: a preview must not eat what the coding saves.
 * The pictures themselves are made by the platform. Pure. SPEC.md section 10.
 */

/** One try: the longest side in pixels, and WebP's quality from 0 to 100. */
export interface PreviewTry {
  readonly pixels: number;
  readonly quality: number;
}

/** From the best on. */
export const previewTries: readonly PreviewTry[] = [
  { pixels: 320, quality: 70 },
  { pixels: 320, quality: 45 },
  { pixels: 192, quality: 50 },
  { pixels: 128, quality: 40 },
];

/** Bytes that the preview of a file may have: about 3 % of it, 4 KiB for small ones, never more than half. */
export function previewBudget(fileBytes: number): number {
  return Math.min(Math.floor(fileBytes / 2), Math.max(4_096, Math.floor(fileBytes / 32)), 131_072);
}
