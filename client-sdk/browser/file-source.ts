/**
 * Files of a browser (File, Blob) as sources of the SDK: read by slices, never whole. A browser refuses to read a file that
 * changed on the disk since it was chosen, so a file that can be read is unchanged. SPEC.md section 6.
 */
import type { OpenedFile, UploadFile } from '../api.js';
import { fault } from '../core/errors.js';
import type { Source } from '../core/image/splitter.js';

/** A file that a person chose, with the name that it gets. */
export interface PickedFile {
  readonly name: string;
  readonly file: File;
}

/** The picked file as the SDK uploads it. */
export function uploadFileOf({ name, file }: PickedFile): UploadFile {
  return { name, open: () => Promise.resolve(openedFile(name, file)) };
}

/** Random access to a blob. Reading throws DiceError `file-unreadable`. */
export function sourceOf(name: string, blob: Blob): Source {
  return {
    size: blob.size,
    async read(offset, length) {
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      } catch (cause) {
        throw fault('file-unreadable', name, cause);
      }
    },
  };
}

function openedFile(name: string, file: File): OpenedFile {
  const probe = file.slice(0, 1);
  return {
    source: sourceOf(name, file),
    modifiedAt: file.lastModified,
    async isUnchanged() {
      try {
        await probe.arrayBuffer();
        return true;
      } catch {
        return false;
      }
    },
    close: () => Promise.resolve(),
  };
}
