/**
 * What an attacker makes of images that they have or guess: they run the product themselves, with the images in a store of
 * their own, and look at their own disk. So a guess looks as the server of others would see it: T1 of all blocks in the
 * domain `open`, and the padded lengths of `personal`, whose secret hides contents and not lengths.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { defaultGeometry } from '../../client-sdk/core/image/default-cut.js';
import { MadeStore, type StoredFile, type Truth } from './made-store.js';
import { type SeenImage, seenImages } from './seen-store.js';
import { StolenDisk } from './stolen-disk.js';

/** An image that the attacker has, as a server sees it in each domain. */
export interface Guess {
  readonly file: StoredFile;
  readonly open: SeenImage;
  readonly personal: SeenImage;
}

/** Where an attacker works. */
export interface Laboratory {
  /** A folder that is there. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** Stores all files in both domains, each as if it were alone (a named geometry is never left for an original's). */
export async function guessesOf(files: readonly StoredFile[], { scratch, signal }: Laboratory): Promise<readonly Guess[]> {
  const dataDirectory = path.join(scratch, 'laboratory');
  const store = await MadeStore.start({ dataDirectory, username: 'attacker', signal });
  let open: Truth, personal: Truth;
  try {
    open = await store.store(files, { domain: 'open', geometry: defaultGeometry });
    // Names of their own: the same file under the same name would not be stored twice.
    personal = await store.store(files.map(({ name, ...file }) => ({ ...file, name: `personal/${name}` })), { domain: 'personal', geometry: defaultGeometry });
  } finally {
    await store.close();
  }
  const seen = await imagesOf(dataDirectory);
  await rm(dataDirectory, { recursive: true, force: true });
  const opened = byPath(open, seen);
  const hidden = byPath(personal, seen);
  return files.flatMap((file) => {
    const [inOpen, inPersonal] = [opened.get(file.path), hidden.get(file.path)];
    return inOpen === undefined || inPersonal === undefined ? [] : [{ file, open: inOpen, personal: inPersonal }];
  });
}

/** The images of a store that nobody uses. */
export async function imagesOf(dataDirectory: string): Promise<readonly SeenImage[]> {
  const disk = await StolenDisk.open(dataDirectory);
  try {
    return seenImages(disk);
  } finally {
    await disk.close();
  }
}

function byPath(truth: Truth, seen: readonly SeenImage[]): ReadonlyMap<string, SeenImage> {
  return new Map(seen.flatMap((image) => {
    const known = truth.get(image.imageId);
    return known === undefined ? [] : [[known.file.path, image] as const];
  }));
}
