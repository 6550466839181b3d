/**
 * Stored images as the SDK speaks of them: in the listing, opened, downloaded, checked. Types alone; part of api.ts. SPEC.md sections 3, 10 and 12.
 */
import type { CallOptions } from './api-options.js';
import type { BlockMemory } from './block-memory.js';
import type { DomainKind } from './core/domain.js';
import type { DiceError } from './core/errors.js';
import type { RecipeView } from './core/image/recipe-view.js';
import type { Region, SplitterId } from './core/image/splitter.js';
import type { ImageId } from './protocol/ids.js';

/** An image as the listing shows it. */
export interface Image {
  readonly id: ImageId;
  readonly name: string;
  readonly size: number;
  /** Media type, as recognised at upload. */
  readonly type: string;
  /** SHA-256 of the file. */
  readonly fileHash: string;
  readonly modifiedAt: number | undefined;
  /** When the server took it in. */
  readonly createdAt: number;
  readonly trashedAt: number | undefined;
  /** A small picture is to be had: one that was made at upload, or the file itself. */
  readonly hasPreview: boolean;
  /** Distinct blocks, segments included. */
  readonly blocks: number;
  readonly picture: { readonly width: number; readonly height: number } | undefined;
  readonly splitter: SplitterId;
  /** Cipher bytes of all references to blocks, doubled ones counted twice: what it would take without deduplication. */
  readonly codedBytes: number;
  /** Request body bytes that its upload cost. */
  readonly sentBytes: number;
}

export interface ListOptions extends CallOptions {
  readonly trash?: boolean | undefined;
}

/** One content of an image, for its owner's eyes: keys open blocks. */
export interface ImageBlock {
  readonly index: number;
  readonly role: 'content' | 'segment';
  readonly region: Region | undefined;
  /** Where it lies on the picture's first page, and on which plane: a JPEG file has one for each component, every other picture one alone. */
  readonly place: { readonly plane: number; readonly region: Region } | undefined;
  /** Bytes of the patch under which the block is this content; undefined where the block is the content itself. */
  readonly patchBytes: number | undefined;
  /** Absent members: the content travels in the manifest. */
  readonly block: { readonly tag: string; readonly rehash: string; readonly code: number; readonly key: string; readonly domain: DomainKind } | undefined;
}

/** What an image takes, in bytes; what it shares with others is counted all the same. */
export interface ImageCosts {
  /** The sealed manifest. */
  readonly manifestBytes: number;
  /** Ciphers of contents, and of segments of the skeleton, of lists and patches; doubled ones twice. */
  readonly contentBytes: number;
  readonly segmentBytes: number;
  /** The list that names the blocks: tag and key of each, or its coded bytes. */
  readonly listBytes: number;
  readonly patchBytes: number;
  /** Bytes of the list and of the iv of its block for each content, on average; 0 without contents. */
  readonly overheadPerContent: number;
}

/** An image with its manifest opened and its signature verified. */
export interface OpenImage {
  readonly image: Image;
  readonly splitter: SplitterId;
  /** What the manifest says of the container, in a few words. */
  readonly description: string;
  readonly skeletonBytes: number;
  /** What was recognised, from the recipe itself. */
  readonly recipe: RecipeView;
  readonly costs: ImageCosts;
  readonly flatTiles: number;
  /** Tiles that are blocks of another picture under a patch. */
  readonly patchedTiles: number;
  /** `flat`: tiles of one colour that have no content; they live in the recipe. */
  readonly picture: { readonly width: number; readonly height: number; readonly flat: readonly Region[] } | undefined;
  readonly blocks: readonly ImageBlock[];
}

/** The check of one block, in the order of SPEC.md section 3. Later members are false where an earlier one failed. */
export interface BlockCheck {
  readonly kind: 'block';
  readonly index: number;
  readonly role: 'content' | 'segment';
  readonly region: Region | undefined;
  readonly tag: string;
  readonly rehash: string;
  readonly isFetched: boolean;
  /** H(i): the check code that the server keeps. H(j): the one of the cipher as received. */
  readonly storedCode: number | undefined;
  readonly receivedCode: number | undefined;
  readonly isCodeEqual: boolean;
  readonly isHashRight: boolean;
  readonly isKeyRight: boolean;
  readonly isDecoded: boolean;
  /** Of the cipher as received, and of the content that it opened to; undefined where it did not come so far. */
  readonly cipherBytes: number | undefined;
  readonly contentBytes: number | undefined;
  readonly error?: DiceError;
}

/** A step of the check of one block that has just ended, in this order; the first that is not right is the last. */
export interface BlockStep {
  readonly kind: 'step';
  readonly step: 'fetch' | 'code' | 'hash' | 'key' | 'decode';
  readonly isRight: boolean;
}

/** The last check: the joined file has the hash that was stored. */
export interface FileCheck {
  readonly kind: 'file';
  readonly id: ImageId;
  readonly name: string;
  readonly blocks: number;
  readonly failedBlocks: number;
  readonly isFileHashRight: boolean;
  readonly error?: DiceError;
}

/** What a download may be told. */
export interface DownloadOptions extends CallOptions {
  /** Downloads that are given the same memory fetch a block that they share once, as long as it is remembered. Small images are fetched whole all the same. */
  readonly memory?: BlockMemory | undefined;
}
