/**
 * Opens the blocks of a small image and joins them, in whatever thread. Says nothing of what is wrong: that is found step by step by
 * whoever is told that the bytes are not there. SPEC.md section 12.
 */
import type { Breath } from './breath.js';
import { contentCoder } from './coder.js';
import type { CryptoProvider } from './core/crypto.js';
import { DiceError } from './core/errors.js';
import { splitters } from './core/image/detect.js';
import { openOne } from './open-task.js';
import { concat, isEqual } from './protocol/bytes.js';
import type { JoinedFile, JoinInput } from './tasks.js';

/** See Tasks.join. */
export async function joinFile(crypto: CryptoProvider, input: JoinInput, breath: Breath): Promise<JoinedFile> {
  try {
    const bytes = await joinedBytes(crypto, input, breath);
    return { bytes: bytes.length === input.size && isEqual(await crypto.sha256(bytes), input.fileHash) ? bytes : undefined };
  } catch (thrown) {
    if (thrown instanceof DiceError && thrown.code !== 'cancelled') return { bytes: undefined };
    throw thrown;
  }
}

async function joinedBytes(crypto: CryptoProvider, { recipe, contents, blocks, size }: JoinInput, breath: Breath): Promise<Uint8Array> {
  const opened: (Uint8Array | undefined)[] = [];
  for (const block of blocks) {
    opened.push((await openOne(crypto, block)).content);
    await breath.breatheSometimes();
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of splitters[recipe.splitter].join(recipe, { count: contents.length, get: (index) => Promise.resolve(contentAt(contents[index], opened)) })) {
    bytes += piece.length;
    if (bytes > size) break;
    pieces.push(piece);
  }
  return concat(...pieces);
}

function contentAt(place: number | Uint8Array | undefined, opened: readonly (Uint8Array | undefined)[]): Uint8Array {
  const content = typeof place === 'number' ? opened[place] : place === undefined ? undefined : contentCoder.decode(place);
  if (content === undefined) throw new DiceError('integrity-failed', 'A content is missing.');
  return content;
}
