/**
 * A process that writes one photograph: `picture-writer.js FILE WIDTH HEIGHT SEED [X Y]`, PNG or TIFF by the ending, with one
 * pixel changed where X and Y are given. Apart from the tests because loops over samples are many times slower inside jest.
 */
import { writeFile } from 'node:fs/promises';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { photograph, withOnePixel } from './sample-images.js';

const [file = '', ...numbers] = process.argv.slice(2);
const [width = 1, height = 1, seed = 1, x, y] = numbers.map(Number);
const made = photograph(width, height, seed);
const picture = x === undefined || y === undefined ? made : withOnePixel(made, x, y);
await writeFile(file, file.endsWith('.tif') ? tiffOf(picture) : pngOf(picture));
