/**
 * The typical Huffman codes of the standard, in force until a file defines others: frames of Motion JPEG define none.
 * Luminance first. ITU-T T.81 section K.3; SPEC.md section 6.8.
 */
import { HuffmanCodes } from './huffman-codes.js';

/** Codes of DC coefficients, by the number of their table. */
export const standardDc: readonly (HuffmanCodes | undefined)[] = [
  codesOf(
    '00010501010101010100000000000000',
    '000102030405060708090a0b',
  ),
  codesOf(
    '00030101010101010101010000000000',
    '000102030405060708090a0b',
  ),
];

/** Codes of AC coefficients, by the number of their table. */
export const standardAc: readonly (HuffmanCodes | undefined)[] = [
  codesOf(
    '0002010303020403050504040000017d',
    '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a43' +
      '4445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2' +
      'b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
  ),
  codesOf(
    '00020102040403040705040400010277',
    '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a' +
      '434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9' +
      'aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
  ),
];

function codesOf(counts: string, symbols: string): HuffmanCodes | undefined {
  return HuffmanCodes.of(bytesOf(counts), bytesOf(symbols));
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}
