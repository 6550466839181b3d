/**
 * Opens the block store: pack files in the data directory, or a bucket. Which it is, is decided here and nowhere else.
 */
import type { BucketConfig } from './config.js';
import type { DataDirectory } from './data-directory.js';
import type { BlockStore } from './ports/block-store.js';
import { type Meter, silentMeter } from './ports/meter.js';
import type { PackIntake } from './ports/pack-move.js';
import { openBlockStore as openPacks } from './storage/packs/block-store.js';
import { nodeFiles, type FileLayer } from './storage/packs/file-layer.js';
import { openPackIntake as openFolderIntake } from './storage/packs/pack-intake.js';
import { openBlockStore as openBucket } from './storage/s3/block-store.js';
import { openPackIntake as openBucketIntake } from './storage/s3/pack-intake.js';
import type { BlockStoreOptions } from './storage/s3/store-options.js';

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
  return openBucket({ ...bucketOptions(bucket, storeKey), meter });
}

/** Opens a place that packs are moved to. Rejects with StorageError. */
export async function openPackTarget({ data: { storeKey, packsDirectory }, bucket }: { readonly data: Pick<DataDirectory, 'storeKey' | 'packsDirectory'>; readonly bucket: BucketConfig | undefined }): Promise<PackIntake> {
  return bucket === undefined ? openFolderIntake({ directory: packsDirectory, storeKey }) : openBucketIntake(bucketOptions(bucket, storeKey));
}

function bucketOptions({ endpoint, ...rest }: BucketConfig, storeKey: Uint8Array): BlockStoreOptions {
  return { ...rest, storeKey, ...(endpoint === undefined ? {} : { endpoint: endpoint.href }) };
}
