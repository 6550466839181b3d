/**
 * Two states of one folder: a copy as it is, and that copy after small edits, which takes its place. Files without an edit are the
 * same files on disk in both states, so that tools that look at times and inodes see what a user's folder would show them.
 */
import { copyFile, link, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileSetOf, type FileSet } from '../file-set.js';
import { stampedPng } from './png-stamp.js';

/** Kinds of edits and how many files got each. */
export interface EditCounts {
  stamped: number;
  retitled: number;
  lengthened: number;
}

/** Begin with `make`. */
export class EditedCopy {
  #isEdited = false;

  private constructor(
    private readonly scratch: string,
    /** What `path` holds at first. */
    readonly files: FileSet,
    readonly edits: EditCounts,
  ) {}

  /** Copies the set into `scratch` and edits `editCount` files of a second state, evenly spread; always the same ones in the same way. */
  static async make(set: FileSet, editCount: number, scratch: string): Promise<EditedCopy> {
    const edits: EditCounts = { stamped: 0, retitled: 0, lengthened: 0 };
    for (const [index, file] of set.files.entries()) {
      const [copy, edited] = [path.join(scratch, 'source', file.name), path.join(scratch, 'edited', file.name)];
      await mkdir(path.dirname(copy), { recursive: true });
      await mkdir(path.dirname(edited), { recursive: true });
      await copyFile(file.path, copy);
      const turn = Math.floor(((index + 1) * editCount) / set.files.length);
      const isEdited = turn > Math.floor((index * editCount) / set.files.length);
      if (isEdited) await writeFile(edited, editedBytes(await readFile(file.path), turn, edits));
      else await link(copy, edited);
    }
    return new EditedCopy(scratch, await fileSetOf(path.join(scratch, 'source', path.basename(set.folder))), edits);
  }

  /** The folder, whatever its state is. */
  get path(): string {
    return this.files.folder;
  }

  /** Puts one of the states in place. */
  async show(isEdited: boolean): Promise<void> {
    if (isEdited === this.#isEdited) return;
    const [source, other, away] = ['source', 'edited', 'away'].map((folder) => path.join(this.scratch, folder)) as [string, string, string];
    await rename(source, away);
    await rename(other, source);
    await rename(away, other);
    this.#isEdited = isEdited;
  }
}

/** A PNG gets a stamp, a JPEG a comment; every third file, and what is neither, one more byte. */
function editedBytes(file: Buffer, turn: number, counts: EditCounts): Buffer {
  const stamped = turn % 3 === 0 ? undefined : stampedPng(file, turn);
  if (stamped !== undefined) {
    counts.stamped++;
    return stamped;
  }
  if (turn % 3 !== 0 && file.subarray(0, 2).toString('hex') === 'ffd8') {
    counts.retitled++;
    return commented(file, `edited, turn ${String(turn)}`);
  }
  counts.lengthened++;
  return Buffer.concat([file, Buffer.of(turn & 255)]);
}

/** The JPEG file with a comment segment after its first marker. */
function commented(file: Buffer, text: string): Buffer {
  const segment = Buffer.from(`\xff\xfe\0\0${text}`, 'latin1');
  segment.writeUInt16BE(segment.length - 2, 2);
  return Buffer.concat([file.subarray(0, 2), segment, file.subarray(2)]);
}
