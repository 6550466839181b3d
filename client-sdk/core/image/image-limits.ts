/**
 * Bounds of the splitters: what is refused before anything is allocated. SPEC.md section 6.
 */

/** Pixels of a picture that goes through tiles; larger ones go as bytes. */
export const maxPicturePixels = 1_073_741_824;
/** Pixels along one side. */
export const maxPictureSide = 1_048_576;
/** Bytes of a skeleton; a file with more goes as bytes. */
export const maxSkeletonBytes = 33_554_432;
/** Pixels along the side of a tile. */
export const minTilePixels = 16;
export const maxTilePixels = 256;
/** Default side of a tile. */
export const defaultTilePixels = 64;
/** Cells along one side of a grid. */
export const gridCells = [4, 8, 16] as const;
/** Channels of a tile. */
export const maxChannels = 8;
