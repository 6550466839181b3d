/**
 * How large a preview may be and how it is made smaller until it fits: a preview must not eat what the coding saves.
 * The pictures themselves are made by the platform. Pure. SPEC.md section 10.
 */

/** A small picture is its own preview: it is shown from its blocks, and a second one would cost a fifth of it. */
const maxOwnBytes = 32_768;
const maxOwnPixels = 1_048_576;
/** What every browser shows as it is meant. */
const ownTypes: ReadonlySet<string> = new Set(['image/jpeg', 'image/png']);
/** So many bytes of a PNG file tell the bits of a sample, the last of them. Deeper ones than 8 would be shown dark. */
export const pngHeadBytes = 25;
const pngSignature = 0x89;

/** What an entry tells of a picture. */
export interface PictureFacts {
  readonly size: number;
  readonly type: string;
  readonly picture: { readonly width: number; readonly height: number } | undefined;
}

/** Is the file small enough to be shown instead of a preview? */
export function isOwnPreview({ size, type, picture }: PictureFacts): boolean {
  return picture !== undefined && size <= maxOwnBytes && picture.width * picture.height <= maxOwnPixels && ownTypes.has(type);
}

/** `head`: the first `pngHeadBytes` of the file. */
export function isDeepPng(head: Uint8Array): boolean {
  return head[0] === pngSignature && (head[pngHeadBytes - 1] ?? 0) > 8;
}

/** One try: the longest side in pixels, and WebP's quality from 0 to 100. */
export interface PreviewTry {
  readonly pixels: number;
  readonly quality: number;
}

/** Longest side of the largest preview, in pixels. */
export const maxPreviewSide = 320;
/** WebP of a photograph has hardly ever fewer bytes: for each pixel and each step of quality. */
const leastBytes = 0.001;

/** From the best on. */
const tries: readonly PreviewTry[] = [
  { pixels: maxPreviewSide, quality: 70 },
  { pixels: maxPreviewSide, quality: 45 },
  { pixels: 192, quality: 50 },
  { pixels: 128, quality: 40 },
];

/** The tries that are worth making: each costs as much as coding a small file. */
export function previewTries(maxBytes: number): readonly PreviewTry[] {
  const [last] = tries.slice(-1);
  return tries.filter((tried) => tried === last || tried.pixels * tried.pixels * 0.75 * tried.quality * leastBytes <= maxBytes);
}

/** Bytes that the preview of a file may have: about 3 % of it, 4 KiB for small ones, never more than half. */
export function previewBudget(fileBytes: number): number {
  return Math.min(Math.floor(fileBytes / 2), Math.max(4_096, Math.floor(fileBytes / 32)), 131_072);
}
