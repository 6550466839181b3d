/**
 * The quantisation tables that most JPEG files have: those of the standard, scaled by a quality as libjpeg does it. For the
 * dictionary of recipes alone; nothing is quantised here. ITU-T T.81 section K.1; SPEC.md section 6.8.
 */
import { concat } from '../../../protocol/bytes.js';

/** Tables K.1 and K.2, in zigzag order. */
const luminance = Uint8Array.of(
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
  56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
);
const chrominance = Uint8Array.of(17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, ...Array.from({ length: 50 }, () => 99));

/** The DQT segments of tables 0 and 1 at a quality from 1 to 100. */
export function quantisationSegments(quality: number): Uint8Array {
  const percent = quality < 50 ? Math.floor(5_000 / quality) : 200 - 2 * quality;
  return concat(segmentOf(0, scaled(luminance, percent)), segmentOf(1, scaled(chrominance, percent)));
}

function scaled(table: Uint8Array, percent: number): Uint8Array {
  return table.map((step) => Math.min(Math.max(Math.floor((step * percent + 50) / 100), 1), 255));
}

function segmentOf(place: number, table: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0xff, 0xdb, 0, 67, place), table);
}
