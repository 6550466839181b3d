/**
 * Very small grey TIFF files, as good as without cost to make: three tiles of 32 pixels, of which one is that of the forty-nine
 * pictures around it too. Every file differs from every other.
 */

const width = 96;
const height = 32;
/** The side of a tile. */
export const libraryTilePixels = 32;
const picturesPerTile = 50;
const headBytes = 8;
const fieldBytes = 12;

/** Picture `number`, uncompressed. */
export function libraryPicture(number: number): Uint8Array {
  const fields = directoryOf();
  const file = Buffer.alloc(headBytes + width * height + 2 + fieldBytes * fields.length + 4);
  file.write('II*\0', 0, 'latin1');
  file.writeUInt32LE(headBytes + width * height, 4);
  for (let tile = 0; tile < width / libraryTilePixels; tile++) {
    const seed = tile === 0 ? -1 - Math.floor(number / picturesPerTile) : 2 * number + tile;
    drawTile(file.subarray(headBytes), tile, seed);
  }
  let at = file.writeUInt16LE(fields.length, headBytes + width * height);
  for (const [tag, type, value] of fields) {
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(value, at + 8);
    at += fieldBytes;
  }
  return file;
}

/** TIFF 6.0, section 4: tag, type (3 short, 4 long), the one value. */
function directoryOf(): readonly (readonly [tag: number, type: 3 | 4, value: number])[] {
  return [[256, 4, width], [257, 4, height], [258, 3, 8], [259, 3, 1], [262, 3, 1], [273, 4, headBytes], [277, 3, 1], [278, 4, height], [279, 4, width * height]];
}

/** A slope with noise, about two thirds of a byte a pixel once it is coded. */
function drawTile(samples: Uint8Array, tile: number, seed: number): void {
  let state = Math.imul(seed, 2_654_435_761) ^ 0x5bd1e995;
  for (let y = 0; y < libraryTilePixels; y++) {
    for (let x = 0; x < libraryTilePixels; x++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      samples[y * width + tile * libraryTilePixels + x] = 2 * x + y + (state >>> 27);
    }
  }
}
