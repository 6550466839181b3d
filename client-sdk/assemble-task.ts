/**
 * Joins an image from contents that it asks for as it needs them, in whatever thread, and holds it against its hash. Neither fetches nor
 * opens anything. SPEC.md sections 3 and 10.
 */
import type { Breath } from './breath.js';
import { fault, integrityFault } from './core/errors.js';
import { splitters } from './core/image/detect.js';
import type { ContentReader } from './core/image/splitter.js';
import { unpackPatches } from './core/patch-list.js';
import { patched } from './patched-reader.js';
import type { Platform } from './ports.js';
import { isEqual } from './protocol/bytes.js';
import type { AssembleInput, ContentSource, FilePieces } from './tasks.js';

/** What this task needs of its thread. */
export interface AssembleTools extends Pick<Platform, 'newHash'> {
  readonly breath: Breath;
}

/** See Tasks.assemble. */
export async function* assembleFile({ newHash, breath }: AssembleTools, input: AssembleInput, source: ContentSource): FilePieces {
  const { recipe, size, fileHash } = input;
  const contents = patched(new TakenContents(source, input.contents), unpackPatches(input.patches, input.contents));
  const hash = newHash();
  let bytes = 0;
  let held: Uint8Array | undefined;
  for await (const piece of splitters[recipe.splitter].join(recipe, contents)) {
    await breath.breatheSometimes();
    if (piece.length === 0) continue;
    bytes += piece.length;
    if (bytes > size) throw integrityFault('file-hash', 'The file is longer than it was.');
    hash.update(piece);
    if (held !== undefined) yield held;
    held = piece;
  }
  if (bytes !== size || !isEqual(hash.digest(), fileHash)) throw integrityFault('file-hash', 'The file is not the one that was stored.');
  if (held !== undefined) yield held;
}

/** Contents by their index: those that came last are kept until others come. */
class TakenContents implements ContentReader {
  #start = 0;
  #taken: readonly Uint8Array[] = [];

  constructor(
    private readonly source: ContentSource,
    readonly count: number,
  ) {}

  async get(index: number): Promise<Uint8Array> {
    const kept = this.#taken[index - this.#start];
    if (kept !== undefined) return kept;
    this.#taken = [];
    this.#taken = await this.source.take(index);
    this.#start = index;
    const [first] = this.#taken;
    if (first === undefined) throw fault('integrity-failed', 'A content is missing.');
    return first;
  }
}
