/**
 * Bytes in memory as a file to upload. SPEC.md section 12.
 */
import type { UploadFile } from './api.js';

/** `bytes` as an image named `name`. They must not change until its result has come. */
export function bytesForUpload(name: string, bytes: Uint8Array): UploadFile {
  return {
    name,
    open: () => Promise.resolve({
      source: { size: bytes.length, read: (offset, length) => Promise.resolve(Uint8Array.from(bytes.subarray(offset, offset + length))) },
      isUnchanged: () => Promise.resolve(true),
      close: () => Promise.resolve(),
    }),
  };
}
