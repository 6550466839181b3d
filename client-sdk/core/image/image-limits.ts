/**
 * Bounds of the splitters: what is refused before anything is allocated. SPEC.md section 6.
 */

/** Pixels of a picture that goes through tiles; larger ones go as bytes. */
export const maxPicturePixels = 1_073_741_824;
/** Pixels along one side. */
export const maxPictureSide = 1_048_576;
/** Bytes of a skeleton; a file with more goes as bytes. */
export const maxSkeletonBytes = 33_554_432;
/** Of these, what a container may take; the rest is for the table of expansions. */
export const maxContainerBytes = 25_165_824;
/** Pixels along the side of a tile. */
export const minTilePixels = 16;
export const maxTilePixels = 256;
/** Default side of a tile; bench/RESULTS.md has the measurement that chose it. */
export const defaultTilePixels = 128;
/** Blocks of coefficients along the side of a tile: fewer than a tile of pixels has, and more than a content holds, are refused. */
export const minTileBlocks = 2;
export const maxTileBlocks = 90;
/** Default; bench/RESULTS.md has the measurement that chose it. */
export const defaultTileBlocks = 64;
/** Cells along one side of a grid. */
export const gridCells = [4, 8, 16] as const;
/** Channels of a tile. */
export const maxChannels = 8;
/** Bytes of the samples of one band of tiles; a wider picture goes as bytes. A join keeps two bands. */
export const maxBandBytes = 67_108_864;
/** Pages of a TIFF file that may go through tiles; further ones stay in the skeleton. */
export const maxPages = 1_024;
/** IDAT chunks of a PNG file, strips and tiles of a TIFF file, stored blocks of a deflate stream. */
export const maxPieces = 1_048_576;
/**
 * Samples that a file may unfold to, as a function of its size: a picture that unfolds further costs more
 * time than its tiles can save, and goes as bytes. A decompression bomb stops here.
 */
export function maxUnfoldedBytes(fileBytes: number): number {
  return 67_108_864 + 256 * fileBytes;
}
/** Bytes of a compressed picture that must be whole in memory: Adam7, and one compressed strip or tile. */
export const maxWholeBytes = 134_217_728;
/** Pixels of a grey picture that is looked at as a whole before its tiles are coded. */
export const maxPlanePixels = 16_777_216;
/** Side of the smallest picture that is looked at so. */
export const minEqualisedSide = 64;
/** Coefficients of a JPEG file, all of them in memory at once, padding blocks among them: 179 megapixels with halved chroma. */
export const maxCoefficientBytes = 536_870_912;
