/**
 * Of what the stored bytes consist: the rows of `dice-admin report` with the store full less those with it empty, and which
 * of the ciphers are tiles, plain bytes or segments (skeletons above 256 bytes and long lists of blocks). They add up to
 * what was measured, and what remains is shown as a row of its own.
 */
import path from 'node:path';
import Database from 'better-sqlite3';
import type { DiceClient } from '../client-sdk/node/index.js';
import { diskRows, packRows } from '../server/core/report.js';
import type { StoreState } from './bench-store.js';

/** One part. Parts with `of` are shares of another part and no summands. */
export interface StoredPart {
  readonly name: string;
  readonly bytes: number;
  readonly of?: string;
}

const blockKinds = ['tiles', 'plain bytes', 'segments'] as const;
export type BlockKind = (typeof blockKinds)[number];
/** Tag in hex -> kind. */
export type BlockKinds = ReadonlyMap<string, BlockKind>;

const summands = [...packRows, ...diskRows.filter((name) => name !== 'packFileBytes')];
const titles: Readonly<Record<(typeof summands)[number], string>> = {
  cipherBytes: 'ciphers of distinct blocks',
  pendingCopyBytes: 'copies that wait to be merged',
  manifestBytes: 'sealed manifests',
  previewBytes: 'previews',
  otherRecordBytes: 'lists, entries, wrapped keys in records',
  recordOverheadBytes: 'headers of pack records',
  packHeaderBytes: 'headers of packs',
  reclaimableBytes: 'dead records in packs',
  databaseFileBytes: 'database file',
  otherFileBytes: 'other files',
};

/** All parts; those without `of` add up to `full.bytes - empty.bytes`. */
export function storedParts(empty: StoreState, full: StoreState, ciphers: readonly StoredPart[]): readonly StoredPart[] {
  const parts: StoredPart[] = [];
  for (const name of summands) {
    parts.push({ name: titles[name], bytes: full.report[name] - empty.report[name] });
    if (name === 'cipherBytes') parts.push(...ciphers.map((part) => ({ ...part, of: titles.cipherBytes })));
  }
  const known = parts.reduce((sum, part) => sum + (part.of === undefined ? part.bytes : 0), 0);
  return [...parts, { name: 'not accounted for', bytes: full.bytes - empty.bytes - known }];
}

/** What each block of the account is, by opening every manifest. A block of several kinds counts as the first of them. */
export async function blockKindsOf(client: DiceClient): Promise<BlockKinds> {
  const kinds = new Map<string, BlockKind>();
  for await (const image of client.list()) {
    const { blocks, splitter } = await client.open(image.id);
    for (const { role, block } of blocks) {
      if (block === undefined) continue;
      const kind = role === 'segment' ? 'segments' : splitter === 'bytes' ? 'plain bytes' : 'tiles';
      const known = kinds.get(block.tag);
      if (known === undefined || blockKinds.indexOf(kind) < blockKinds.indexOf(known)) kinds.set(block.tag, kind);
    }
  }
  return kinds;
}

/** Cipher bytes by kind, with lengths from the index of a stopped store. */
export function cipherParts(dataDirectory: string, kinds: BlockKinds): readonly StoredPart[] {
  const lengths = lengthsIn(path.join(dataDirectory, 'dice.db'));
  return [...blockKinds, undefined].flatMap((kind) => {
    const members = lengths.filter(({ tag }) => kinds.get(tag) === kind);
    const bytes = members.reduce((sum, { length }) => sum + length, 0);
    return members.length === 0 ? [] : [{ name: `${kind ?? 'of no image'} (${String(members.length)} blocks)`, bytes }];
  });
}

function lengthsIn(database: string): readonly { readonly tag: string; readonly length: number }[] {
  const index = new Database(database, { readonly: true });
  try {
    // The columns are those of the first migration.
    return index.prepare<[], { readonly tag: string; readonly length: number }>('SELECT lower(hex(t)) AS tag, length FROM tag').all();
  } finally {
    index.close();
  }
}
