/**
 * Opens the block store: pack files in the data directory, or a bucket. Which it is, is decided here and nowhere else.
 */
import type { BucketConfig } from './config.js';
import type { DataDirectory } from './data-directory.js';
import type { BlockStore } from './ports/block-store.js';
import { type Meter, silentMeter } from './ports/meter.js';
import { openBlockStore as openPacks } from './storage/packs/block-store.js';
import { nodeFiles, type FileLayer } from './storage/packs/file-layer.js';
import { openBlockStore as openBucket } from './storage/s3/block-store.js';

/** Where blocks lie. */
export interface BlockPlace {
  readonly data: DataDirectory;
  readonly bucket: BucketConfig | undefined;
  /** The file system under the packs; a test may give one that fails. */
  readonly files: FileLayer | undefined;
  readonly meter?: Meter | undefined;
}

/** Opens. Rejects with StorageError or CorruptionError. */
export function openBlocks({ data, bucket, files, meter = silentMeter }: BlockPlace): Promise<BlockStore> {
  const { storeKey, packsDirectory } = data;
  if (bucket === undefined) return openPacks({ directory: packsDirectory, storeKey, files: files ?? nodeFiles, meter });
  const { endpoint, ...rest } = bucket;
  return openBucket({ ...rest, storeKey, meter, ...(endpoint === undefined ? {} : { endpoint: endpoint.href }) });
}
