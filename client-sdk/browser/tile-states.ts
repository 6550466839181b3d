/**
 * What became of each content of an image: noted while this browser uploads it, else found by comparing with the account's
 * earlier images. Kept in IndexedDB by image id, one byte for each content; erased at logout. DESIGN.md section 7 (Pages).
 */
import type { CallOptions, DiceClient, Image, OpenImage, UploadedFile, UploadEvent } from '../api.js';
import { dropDatabase, finished, openDatabase, settled } from './database.js';
import { tileStateCodes, type TileStates } from './page-calls.js';

const databaseName = 'dice-tile-states';
const storeName = 'states';
/** Earlier images that a comparison opens at most. */
const maxCompared = 200;

/** Notes the events of uploads and keeps them when their image is stored. */
export class TileRecorder {
  readonly #byFile = new Map<string, Uint8Array>();

  note(event: UploadEvent): void {
    if (event.kind === 'picture') this.#byFile.set(event.file, new Uint8Array(event.contents));
    if (event.kind !== 'tile') return;
    const codes = this.#byFile.get(event.file);
    if (codes !== undefined && event.index < codes.length) codes[event.index] = tileStateCodes[event.state];
  }

  /** Never fails: the map is then compared instead. */
  async keep(file: UploadedFile): Promise<void> {
    const codes = this.#byFile.get(file.name);
    this.#byFile.delete(file.name);
    if (codes === undefined || file.id === undefined || file.status !== 'stored') return;
    try {
      const database = await openDatabase(databaseName, storeName);
      const transaction = database.transaction(storeName, 'readwrite');
      transaction.objectStore(storeName).put(codes, file.id);
      await finished(transaction);
      database.close();
    } catch {
      // A browser without a database: nothing depends on this record.
    }
  }
}

/** Forgets all records of this browser. */
export async function forgetTileStates(): Promise<void> {
  try {
    await dropDatabase(databaseName);
  } catch {
    // There was none to forget.
  }
}

/** The states of the image's contents. */
export async function tileStatesOf(client: DiceClient, id: string, options: CallOptions): Promise<TileStates> {
  const opened = await client.open(id, options);
  const contents = opened.blocks.filter((block) => block.role === 'content');
  const noted = await notedStates(id);
  if (noted?.length === contents.length && !noted.includes(tileStateCodes.unknown)) return { codes: noted, from: 'upload', comparedWith: 0 };
  const earlier = await earlierImages(client, opened.image, options);
  const known = new Set<string>();
  for (const image of earlier) for (const rehash of rehashes(await client.open(image.id, options))) known.add(rehash);
  return { codes: comparedStates(contents, known), from: 'compared', comparedWith: earlier.length };
}

function comparedStates(contents: OpenImage['blocks'], known: Set<string>): Uint8Array {
  return Uint8Array.from(contents, ({ block, patchBytes }) => {
    if (block === undefined) return tileStateCodes.flat;
    if (patchBytes !== undefined) return tileStateCodes.patched;
    if (known.has(block.rehash)) return tileStateCodes.stored;
    // A second equal tile of the same image finds the first.
    known.add(block.rehash);
    return tileStateCodes.new;
  });
}

function rehashes(opened: OpenImage): readonly string[] {
  return opened.blocks.flatMap(({ block }) => (block === undefined ? [] : [block.rehash]));
}

/** The newest `maxCompared` of the images stored before this one; the listing comes newest first. */
async function earlierImages(client: DiceClient, image: Image, options: CallOptions): Promise<readonly Image[]> {
  const earlier: Image[] = [];
  let isPast = false;
  for await (const other of client.list(options)) {
    if (isPast) earlier.push(other);
    if (other.id === image.id) isPast = true;
    if (earlier.length === maxCompared) break;
  }
  return earlier;
}

async function notedStates(id: string): Promise<Uint8Array | undefined> {
  try {
    const database = await openDatabase(databaseName, storeName);
    const value: unknown = await settled<unknown>(database.transaction(storeName, 'readonly').objectStore(storeName).get(id));
    database.close();
    return value instanceof Uint8Array ? value : undefined;
  } catch {
    return undefined;
  }
}
