/**
 * Long files copied so that they survive a crash whole or not at all: temporary file, sync, read back and compared by SHA-256, rename, sync of the folder.
 * The new name may depend on the content.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { hexOf } from '../../../client-sdk/protocol/bytes.js';
import { StorageError } from '../../ports/errors.js';
import { writeAll } from './durable-file.js';
import { guarded } from './failure.js';
import { nodeFiles, type FileLayer, type OpenFile } from './file-layer.js';

/** What to copy. */
export interface CopyOrder {
  readonly from: string;
  /** So many bytes from the first on. StorageError where the file is shorter. */
  readonly bytes: number;
  /** Where it is written first; a file of that name is replaced. In the folder of the target. */
  readonly temporary: string;
  /** The name that it gets; what this throws refuses the content, and nothing is left. */
  readonly targetOf: (sha256: string) => string;
  /** Called after each piece; what it throws ends the copying. */
  readonly onPiece: (bytes: number) => void;
  readonly files?: FileLayer;
}

/** Length and SHA-256 (hex) of a file. */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

const pieceBytes = 4_194_304;

/** Copies; answers the digest of what was copied. An error of the file system, absence too, passes through where `from` cannot be opened. */
export async function copyDurably({ from, bytes, temporary, targetOf, onPiece, files = nodeFiles }: CopyOrder): Promise<FileDigest> {
  const source = await files.open(from, 'read');
  try {
    return await guarded(`copying ${from}`, async () => {
      try {
        const sha256 = await writeCopy(source, { bytes, temporary, onPiece, files });
        const target = targetOf(sha256);
        const written = await digestFile(temporary, { files });
        if (written.sha256 !== sha256 || written.bytes !== bytes) throw new StorageError(`${target}: what was read back is not what was written`, { retryable: false });
        await files.rename(temporary, target);
        await files.syncFolder(path.dirname(target));
        return written;
      } catch (error) {
        await files.remove(temporary).catch(() => undefined); // the failure that counts is the first
        throw error;
      }
    });
  } finally {
    await source.close();
  }
}

/** Reads a file whole. Errors of the file system pass through, absence too. */
export async function digestFile(file: string, { files = nodeFiles, onPiece }: { readonly files?: FileLayer; readonly onPiece?: (bytes: number) => void } = {}): Promise<FileDigest> {
  const open = await files.open(file, 'read');
  try {
    const digest = createHash('sha256');
    let bytes = 0;
    for await (const piece of piecesOf(open, Number.MAX_SAFE_INTEGER)) {
      digest.update(piece);
      bytes += piece.length;
      onPiece?.(piece.length);
    }
    return { bytes, sha256: hexOf(digest.digest()) };
  } finally {
    await open.close();
  }
}

/** Makes a file durable that somebody else wrote, and its name. */
export async function syncFile(file: string, files: FileLayer = nodeFiles): Promise<void> {
  const open = await files.open(file, 'read');
  try {
    await open.datasync();
  } finally {
    await open.close();
  }
  await files.syncFolder(path.dirname(file));
}

type Writing = Required<Pick<CopyOrder, 'bytes' | 'temporary' | 'onPiece' | 'files'>>;

async function writeCopy(source: OpenFile, { bytes, temporary, onPiece, files }: Writing): Promise<string> {
  const target = await files.open(temporary, 'replace');
  try {
    const digest = createHash('sha256');
    let at = 0;
    for await (const piece of piecesOf(source, bytes)) {
      digest.update(piece);
      at += await writeAll(target, [piece], at);
      onPiece(piece.length);
    }
    if (at < bytes) throw new StorageError(`${temporary}: the file that it is copied from became shorter`, { retryable: false });
    await target.datasync();
    return hexOf(digest.digest());
  } finally {
    await target.close();
  }
}

/** Valid until the next one. */
async function* piecesOf(file: OpenFile, bytes: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(pieceBytes);
  for (let at = 0; at < bytes; ) {
    const count = await file.read(buffer.subarray(0, Math.min(pieceBytes, bytes - at)), at);
    if (count === 0) return;
    yield buffer.subarray(0, count);
    at += count;
  }
}
