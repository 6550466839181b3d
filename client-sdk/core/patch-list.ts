/**
 * The patches of an image: which of its contents are those of another picture's blocks, read under a patch, so that an
 * edited copy refers to blocks of its original instead of bringing its own. Here only the table; what a patch says is
 * core/image/patch.ts. Pure. SPEC.md section 10.
 */
import { isEqual } from '../protocol/bytes.js';
import { maxBlocksPerImage } from '../protocol/limits.js';
import { fault } from './errors.js';
import { ByteReader, ByteWriter } from './image/varint.js';

/** Patches by the index of their content. */
export type Patches = ReadonlyMap<number, Uint8Array>;

/** Bytes of one patch. */
export const maxPatchBytes = 65_536;

/** Runs of equal patches on neighbours: (contents skipped, contents covered, bytes, patch), in ascending order. No bytes for no patch. */
export function packPatches(patches: Patches): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  const entries = [...patches].sort(([a], [b]) => a - b);
  let next = 0;
  for (let at = 0; at < entries.length; ) {
    const [start, patch] = entries[at] as [number, Uint8Array]; // `at` is below the length.
    let count = 1;
    while (entries[at + count]?.[0] === start + count && isEqual(entries[at + count]?.[1] ?? patch, patch)) count++;
    writer.varint(start - next);
    writer.varint(count);
    writer.varint(patch.length);
    writer.bytes(patch);
    next = start + count;
    at += count;
  }
  return writer.take();
}

/** The patches of an image with `contents` contents. Throws DiceError `recipe-invalid` for anything that packPatches would not have written. */
export function unpackPatches(packed: Uint8Array, contents: number): Patches {
  const reader = new ByteReader(packed);
  const patches = new Map<number, Uint8Array>();
  let next = 0;
  let last: Uint8Array | undefined;
  while (reader.remaining > 0) {
    const gap = reader.varint(maxBlocksPerImage);
    const count = reader.varint(maxBlocksPerImage);
    const patch = reader.bytes(reader.varint(maxPatchBytes));
    const isNewRun = gap > 0 || last === undefined || !isEqual(last, patch);
    if (count === 0 || patch.length === 0 || !isNewRun || next + gap + count > contents) throw fault('recipe-invalid', 'The table of patches is malformed.');
    next += gap;
    for (let i = 0; i < count; i++) patches.set(next++, patch);
    last = patch;
  }
  return patches;
}
