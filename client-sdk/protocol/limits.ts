/**
 * Every number that both sides of the wire must agree on, and every bound that protects a parser.
 * Not configuration: what an operator may change lives in server/config.ts. SPEC.md section 11.
 */

/** Bytes of a SHA-256 digest: fingerprint, tag, rehash. */
export const hashBytes = 32;
/** Bytes of account, image and upload ids. */
export const idBytes = 16;
/** Bytes of the synthetic iv before the ciphertext of a block. */
export const ivBytes = 16;
/** Payload of a coded content: at most 1 MiB (DESIGN of the block limit). */
export const maxPayloadBytes = 1_048_576;
/** Coder id and payload length come before the payload: 1 + at most 3 bytes. */
export const maxCodedBytes = maxPayloadBytes + 4;
/** iv plus coded. */
export const maxCipherBytes = ivBytes + maxCodedBytes;
/** iv plus the smallest coded form (an empty payload). */
export const minCipherBytes = ivBytes + 2;
/** A content whose coded form is shorter travels inside the recipe. */
export const minBlockCodedBytes = 96;
/** Raw bytes of one block of the `bytes` splitter. */
export const bytesBlockBytes = 262_144;
/** Blocks that one image may reference (32 GiB at 256 KiB each). */
export const maxBlocksPerImage = 131_072;
/** Tags asked in one existence request. */
export const maxTagsPerQuery = 8_192;
/** Tags asked in one fetch request. */
export const maxTagsPerFetch = 1_024;
/** Frames in one intake request. */
export const maxFramesPerBatch = 1_024;
/** Bytes of one intake request; batches are sized well below it. */
export const maxBatchBytes = 33_554_432;
/** Commits in one request. */
export const maxCommitsPerRequest = 64;
/** Bytes of one request that commits. */
export const maxCommitBodyBytes = 16_777_216;
/** Bytes of a JSON answer; those of a JSON request are the server's route by route. */
export const maxJsonBytes = 16_777_216;
/** A wrapped image key. */
export const maxWrappedKeyBytes = 512;
/** A sealed entry. */
export const maxEntryBytes = 1_024;
/** UTF-8 bytes of an image's name (a path below the uploaded folder). */
export const maxNameBytes = 800;
/** A sealed manifest: segments keep it small. */
export const maxManifestBytes = 1_048_576;
/** A sealed preview. */
export const maxPreviewBytes = 262_144;
/** Any other sealed object that the server keeps for an account. */
export const maxSealedBytes = 65_536;
/** Images in one page of a listing. */
export const maxPageImages = 500;
/** Images whose records one request reads. */
export const maxRecordsPerRead = 64;
/** Sealed manifests of one such answer, but for the first. */
export const maxRecordBytes = 4_194_304;
/** What a card and a leaf of an account head hold of SHA-256 of a sealed manifest. */
export const manifestHashBytes = 16;
/** A sealed account head. */
export const maxHeadBytes = 512;
/** Leaves that change with one head, and ids in one question for the ways to them. */
export const maxHeadLeaves = 1_024;
/** Leaves in one answer. */
export const maxPageLeaves = 16_384;
/** Heads of an account that a server keeps. */
export const keptHeads = 4_096;
/** Heads in one answer. */
export const maxPageHeads = 128;
/** A skeleton or a block list above this many bytes is cut into segments, which are blocks themselves. */
export const maxInlineSegmentBytes = 256;
/** Sessions and tokens of one account. */
export const maxSessionsPerAccount = 64;
/** Live upload sessions of one account. */
export const maxUploadsPerAccount = 16;
/** Lifetime of an upload session since its last use. */
export const uploadLifetimeMs = 24 * 3_600_000;
/** Lifetime of a proof-of-possession nonce. */
export const proofLifetimeMs = 5 * 60_000;
/** Backup codes of a second factor: how many are made, and characters of base32 in each (80 bits). */
export const backupCodes = 10;
export const backupCodeChars = 16;
/** User name: characters of [a-z0-9._-] after NFKC and lower case. */
export const minUsernameChars = 3;
export const maxUsernameChars = 64;
/** Password, in code points after NFKC. */
export const minPasswordChars = 10;
export const maxPasswordChars = 1_024;

/**
 * scrypt parameters: the default, and the floor and ceiling that a client accepts from a server. It takes 128 r 2^log2N bytes (RFC 7914 section 6), 128 MiB
 * by default and 512 MiB at most: room for two doublings, and no more than a telephone's browser has; with p, 16 times the default's work.
 */
export const scryptDefault = { log2N: 17, r: 8, p: 1 } as const;
export const scryptFloor = { log2N: 17, r: 8, p: 1 } as const;
export const scryptCeiling = { log2N: 19, r: 8, p: 4 } as const;
