/**
 * Bytes in memory as a source, and as a file to upload. SPEC.md section 12.
 */
import type { UploadFile } from './api.js';
import type { Source } from './core/image/splitter.js';

/** `bytes` as a source: what it gives is a copy. */
export function sourceOf(bytes: Uint8Array): Source {
  return { size: bytes.length, read: (offset, length) => Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + length))) };
}

/** `bytes` as an image named `name`. They must not change until its result has come. */
export function bytesForUpload(name: string, bytes: Uint8Array): UploadFile {
  return {
    name,
    open: () => Promise.resolve({
      source: sourceOf(bytes),
      isUnchanged: () => Promise.resolve(true),
      close: () => Promise.resolve(),
    }),
  };
}
