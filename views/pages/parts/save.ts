/**
 * Saving to the person's disk under harmless file names: streamed into a file that was chosen, where the browser can (a secure
 * context in some browsers) and the file is large, else as a download of a blob. Never as a document. Several: archive.ts.
 */
import { DiceError, safeParts, type Image } from '../../../client-sdk/browser/page.js';
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import { bytes as bytesText } from './format.js';
import { toast } from './shell.js';

/** Up to here a file goes to the browser's downloads at once; above, the person is asked where, and it is streamed there. */
export const directBytes = 32 * 1_048_576;
/** From here a blob may be more than the browser can keep. */
const doubtfulBytes = 1_000_000_000;
const maxNameLetters = 120;

/** What a file is saved as. */
export interface SaveName {
  readonly name: string;
  /** Bytes expected; undefined: unknown, and maybe many. */
  readonly bytes: number | undefined;
}

/** A file that the person chose, `blob` where the browser has no such choice or none is needed, undefined where the choice was closed. */
export type SavePlace = { readonly kind: 'file'; readonly target: FileSystemFileHandle } | { readonly kind: 'blob'; readonly target: undefined } | undefined;

interface SavePicker {
  readonly showSaveFilePicker?: (options: { readonly suggestedName: string }) => Promise<FileSystemFileHandle>;
}

/** Asks where to save. Call it inside a click: a browser asks the person only then. */
export async function choosePlace({ name, bytes }: SaveName): Promise<SavePlace> {
  // The types know no such function; a browser that has none says undefined.
  const picker = (window as unknown as SavePicker).showSaveFilePicker;
  if (picker === undefined || (bytes !== undefined && bytes <= directBytes)) return blobPlace(bytes);
  try {
    return { kind: 'file', target: await picker.call(window, { suggestedName: safeFileName(name) }) };
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') return undefined;
    return blobPlace(bytes);
  }
}

/** What is told while a file is saved. */
export interface SaveOptions {
  /** Bytes so far. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Saves one image; call it inside a click. False where the person closed the choice or cancelled. Throws DiceError, and leaves no
 * file, where it is not bit for bit what was stored.
 */
export async function saveImage(client: PageClient, image: Pick<Image, 'id' | 'name' | 'size'>, options: SaveOptions = {}): Promise<boolean> {
  const place = await choosePlace({ name: image.name, bytes: image.size });
  if (place === undefined) return false;
  let saved: Blob | undefined;
  try {
    await client.stream({ name: 'save', argument: { id: image.id, target: place.target } }, (updates) => {
      for (const update of updates) {
        if (update.kind === 'done') saved = update.blob;
        else options.onProgress?.(update.bytes);
      }
    }, options.signal);
  } catch (thrown) {
    if (thrown instanceof DiceError && thrown.code === 'cancelled' && options.signal?.aborted === true) return false;
    throw thrown;
  }
  if (saved !== undefined) saveBlob(saved, image.name);
  return true;
}

/** Hands the blob to the browser's downloads. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = safeFileName(name);
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads the blob at its own pace; nothing says when it has ended.
  setTimeout(() => { URL.revokeObjectURL(url); }, 600_000);
}

/** Text as a file. */
export function saveText(text: string, name: string, type: string): void {
  saveBlob(new Blob([text], { type }), name);
}

/** The last part of the name without what file systems and shells take ill; never empty, at most 120 characters. */
export function safeFileName(name: string): string {
  const last = safeParts(name).at(-1) ?? '';
  const clean = last.replace(/[\p{Cc}\p{Cf}]/gu, '_').replace(/^[.\s]+|[.\s]+$/g, '');
  if (clean === '') return 'image';
  if (clean.length <= maxNameLetters) return clean;
  const dot = clean.lastIndexOf('.');
  const extension = dot > 0 && clean.length - dot <= 10 ? clean.slice(dot) : '';
  // Half of a character that has two halves stays away.
  return clean.slice(0, maxNameLetters - extension.length).replace(/[\ud800-\udbff]$/, '') + extension;
}

function blobPlace(bytes: number | undefined): SavePlace {
  if (bytes !== undefined && bytes > doubtfulBytes) {
    toast(`This is ${bytesText(bytes)}. This browser gathers all of it before it saves: keep this page open, and have that much room on the disk twice.`);
  }
  return { kind: 'blob', target: undefined };
}
