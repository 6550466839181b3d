/**
 * JSON bodies about stored images: cards of a listing, records with manifests. Part of messages.ts. SPEC.md sections 10 and 12.
 */
import type { ImageId } from './ids.js';
import { manifestHashBytes, maxEntryBytes, maxManifestBytes, maxPageImages, maxRecordsPerRead, maxWrappedKeyBytes } from './limits.js';
import { blob, count, flag, hex, id, list, object, optional, text, time, type Infer } from './schema.js';

/** GET /images. */
export const imageCard = object({
  imageId: id<ImageId>(),
  wrappedKey: blob(1, maxWrappedKeyBytes),
  entry: blob(1, maxEntryBytes),
  manifestBytes: count,
  manifestHash: hex(manifestHashBytes),
  hasPreview: flag,
  blocks: count,
  createdAt: time,
  trashedAt: optional(time),
});
export type ImageCard = Infer<typeof imageCard>;
export const imageList = object({ images: list(imageCard, maxPageImages), next: optional(text(1, 200)) });
export type ImageList = Infer<typeof imageList>;

/** GET /images/:imageId. */
export const imageRecord = object({ card: imageCard, manifest: blob(1, maxManifestBytes) });
export type ImageRecord = Infer<typeof imageRecord>;

/** POST /images/records: images of the account, each at most once. What is not there, or damaged, is left out, and so is what would make the answer large: read it alone. */
export const recordsRequest = object({ images: list(id<ImageId>(), maxRecordsPerRead) });
export const recordsAnswer = object({ records: list(imageRecord, maxRecordsPerRead) });
