/**
 * What an upload did, file by file, summed over groups of files: by variant, by ending, in total. Pure.
 */
import type { SetFile } from './file-set.js';

/** What `dice upload --json` says of a file. */
export interface UploadRow {
  readonly name: string;
  readonly status: string;
  readonly splitter: string | null;
  readonly logicalBytes: number;
  readonly sentBytes: number;
  readonly blocks: number;
  readonly blocksSent: number;
}

/** Sums over the files of one name. Bytes and counts. */
export interface GroupRow {
  readonly name: string;
  readonly files: number;
  readonly logicalBytes: number;
  readonly sentBytes: number;
  /** Logical bytes of the files that went as tiles of a picture, not as plain bytes. */
  readonly tiledBytes: number;
  readonly blocks: number;
  readonly blocksSent: number;
}

/** A file and its row. */
export type UploadedFile = readonly [SetFile, UploadRow];

/** Pairs files and rows. Throws where one has no other, where sizes differ, or where a file was not stored anew. */
export function pairs(files: readonly SetFile[], rows: readonly UploadRow[]): readonly UploadedFile[] {
  const named = new Map(rows.map((row) => [row.name, row]));
  if (named.size !== rows.length || rows.length !== files.length) throw new Error(`${String(files.length)} files were given, and the upload tells of ${String(rows.length)}`);
  return files.map((file) => {
    const row = named.get(file.name);
    if (row?.status !== 'stored') throw new Error(`${file.name} is ${row?.status ?? 'not in the answer'}, not stored`);
    if (row.logicalBytes !== file.bytes) throw new Error(`${file.name} has ${String(file.bytes)} bytes, and the upload tells of ${String(row.logicalBytes)}`);
    return [file, row] as const;
  });
}

/** One row for each key, in the order of their names. */
export function groupsOf(uploaded: readonly UploadedFile[], keyOf: (file: SetFile) => string): readonly GroupRow[] {
  const groups = new Map<string, UploadedFile[]>();
  for (const pair of uploaded) groups.set(keyOf(pair[0]), [...(groups.get(keyOf(pair[0])) ?? []), pair]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, members]) => groupOf(name, members));
}

/** All of them as one row. */
export function groupOf(name: string, uploaded: readonly UploadedFile[]): GroupRow {
  const sum = (value: (row: UploadRow) => number): number => uploaded.reduce((total, [, row]) => total + value(row), 0);
  return {
    name,
    files: uploaded.length,
    logicalBytes: sum((row) => row.logicalBytes),
    sentBytes: sum((row) => row.sentBytes),
    tiledBytes: sum((row) => (row.splitter === 'bytes' ? 0 : row.logicalBytes)),
    blocks: sum((row) => row.blocks),
    blocksSent: sum((row) => row.blocksSent),
  };
}
