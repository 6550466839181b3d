/**
 * audit:server-view -- DATA_DIR [--images FOLDER] [--json]: what somebody with the disk of a store learns, in numbers. With
 * images that the attacker has or guesses, also which of them are in the store, by content and by sizes. Changes nothing in
 * DATA_DIR. A server may run on it; then the view is of about now.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileSetOf } from '../file-set.js';
import { type GuessedView, guessedView, guessedViewText } from './guessed-view.js';
import { guessesOf } from './guesses.js';
import { seenImages } from './seen-store.js';
import { serverView, serverViewText } from './server-view.js';
import { StolenDisk } from './stolen-disk.js';

const usage = 'npm run audit:server-view -- DATA_DIR [--images FOLDER] [--json]';
const { values, positionals } = parseArgs({ allowPositionals: true, options: { images: { type: 'string' }, json: { type: 'boolean', default: false } } });
const [dataDirectory, ...more] = positionals;
if (dataDirectory === undefined || more.length > 0) throw new Error(`name one data directory: ${usage}`);
const stop = new AbortController();
process.once('SIGINT', () => { stop.abort(); });

const disk = await StolenDisk.open(dataDirectory);
try {
  const view = await serverView(disk);
  const guessed = values.images === undefined ? undefined : await guessedOf(values.images);
  process.stdout.write(values.json ? `${JSON.stringify({ view, guessed }, undefined, 2)}\n` : `${serverViewText(view)}\n${guessed === undefined ? '' : guessedViewText(guessed)}`);
} finally {
  await disk.close();
}

async function guessedOf(folder: string): Promise<GuessedView> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'dice-guesses-'));
  try {
    const guesses = await guessesOf((await fileSetOf(folder)).files, { scratch, signal: stop.signal });
    return guessedView(guesses, seenImages(disk));
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}
