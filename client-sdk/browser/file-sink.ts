/**
 * Where bytes go that leave the SDK in a browser: a file that the person chose, written piece by piece, or a blob, which the
 * browser may keep on its disk. Nothing stands under the file's name before it is finished. Knows no image.
 */
import { fault } from '../core/errors.js';
import type { DiceError } from '../core/errors.js';

/** Pieces are gathered to about so much before they are handed on: many small ones cost a message each. */
const writeBytes = 1_048_576;
/** Pieces are gathered into blobs of about this size, so that memory stays bounded while the browser spills them. */
const blobBytes = 8 * 1_048_576;

/** Takes the bytes of one file. */
export interface ByteSink {
  /** Ends when there is room for more. Throws DiceError `file-unwritable`. */
  write(piece: Uint8Array): Promise<void>;
  /** What was written stands from now on; the blob, where there is no file. Throws DiceError `file-unwritable`. */
  finish(): Promise<Blob | undefined>;
  /** Leaves nothing that could be taken for the file. Never fails. */
  abandon(): Promise<void>;
}

/** A sink into `target`, or into a blob of this type where there is none. Throws DiceError `file-unwritable`. */
export async function openSink(target: FileSystemFileHandle | undefined, type: string): Promise<ByteSink> {
  if (target === undefined) return new BlobSink(type);
  try {
    return new FileSink(target, await target.createWritable());
  } catch (cause) {
    throw unwritable(cause);
  }
}

/** All pieces as one blob without a type. */
export async function gatheredBlob(pieces: AsyncIterable<Uint8Array>): Promise<Blob> {
  const sink = new BlobSink('application/octet-stream');
  for await (const piece of pieces) await sink.write(piece);
  return sink.finish();
}

class BlobSink implements ByteSink {
  readonly #parts: Blob[] = [];
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;

  constructor(private readonly type: string) {}

  write(piece: Uint8Array): Promise<void> {
    this.#pieces.push(Uint8Array.from(piece));
    this.#bytes += piece.length;
    if (this.#bytes >= blobBytes) this.#pack();
    return Promise.resolve();
  }

  finish(): Promise<Blob> {
    this.#pack();
    return Promise.resolve(new Blob(this.#parts, { type: this.type }));
  }

  abandon(): Promise<void> {
    this.#parts.length = 0;
    this.#pieces = [];
    return Promise.resolve();
  }

  #pack(): void {
    if (this.#pieces.length > 0) this.#parts.push(new Blob(this.#pieces));
    this.#pieces = [];
    this.#bytes = 0;
  }
}

/** The browser writes beside the file and puts it in its place when it is closed. */
class FileSink implements ByteSink {
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;

  constructor(
    private readonly target: FileSystemFileHandle,
    private readonly stream: FileSystemWritableFileStream,
  ) {}

  async write(piece: Uint8Array): Promise<void> {
    this.#pieces.push(Uint8Array.from(piece));
    this.#bytes += piece.length;
    if (this.#bytes >= writeBytes) await this.#flush();
  }

  async finish(): Promise<undefined> {
    await this.#flush();
    try {
      await this.stream.close();
    } catch (cause) {
      throw unwritable(cause);
    }
    return undefined;
  }

  async abandon(): Promise<void> {
    this.#pieces = [];
    try {
      await this.stream.abort();
    } catch {
      // It had ended already.
    }
    await removeEmpty(this.target);
  }

  async #flush(): Promise<void> {
    if (this.#bytes === 0) return;
    const written = new Blob(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    try {
      await this.stream.write(written);
    } catch (cause) {
      throw unwritable(cause);
    }
  }
}

/** The person's choice made an empty file; where a browser can, it goes again. */
async function removeEmpty(target: FileSystemFileHandle & { readonly remove?: () => Promise<void> }): Promise<void> {
  try {
    if ((await target.getFile()).size === 0) await target.remove?.();
  } catch {
    // An empty file stays behind: it can be taken for nothing.
  }
}

function unwritable(cause: unknown): DiceError {
  const isFull = cause instanceof DOMException && cause.name === 'QuotaExceededError';
  return fault('file-unwritable', isFull ? 'The disk is full.' : 'The browser could not write to the place that you chose.', cause);
}
