/**
 * The typical Huffman codes of the standard, in force until a file defines others: frames of Motion JPEG define none.
 * Luminance first. ITU-T T.81 section K.3; SPEC.md section 6.8.
 */
import { concat } from '../../../protocol/bytes.js';
import { HuffmanCodes } from './huffman-codes.js';

/** How many codes of each length there are, and their symbols. */
interface Definition {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

const firstDc = defined(
  '00010501010101010100000000000000',
  '000102030405060708090a0b',
);
const secondDc = defined(
  '00030101010101010101010000000000',
  '000102030405060708090a0b',
);
const firstAc = defined(
  '0002010303020403050504040000017d',
  '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a43' +
    '4445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2' +
    'b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
);
const secondAc = defined(
  '00020102040403040705040400010277',
  '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a' +
    '434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9' +
    'aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
);

/** Codes of DC coefficients, by the number of their table. */
export const standardDc: readonly (HuffmanCodes | undefined)[] = [firstDc, secondDc].map(codesOf);

/** Codes of AC coefficients, by the number of their table. */
export const standardAc: readonly (HuffmanCodes | undefined)[] = [firstAc, secondAc].map(codesOf);

/** The DHT segments that define them, in the order of most files. */
export const standardSegments: Uint8Array = concat(segmentOf(0, firstDc), segmentOf(0x10, firstAc), segmentOf(1, secondDc), segmentOf(0x11, secondAc));

function segmentOf(place: number, { counts, symbols }: Definition): Uint8Array {
  return concat(Uint8Array.of(0xff, 0xc4, 0, 19 + symbols.length, place), counts, symbols);
}

function codesOf({ counts, symbols }: Definition): HuffmanCodes | undefined {
  return HuffmanCodes.of(counts, symbols);
}

function defined(counts: string, symbols: string): Definition {
  return { counts: bytesOf(counts), symbols: bytesOf(symbols) };
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}
