/**
 * The store as a few lists in memory: what is acknowledged, who has what, what it counts for. It is compared with the real one by
 * `model-search.ts`. State is plain JSON, so that it can be copied and compared; blocks, images, uploads and accounts are numbers. Not a
 * double: it knows no place, no pack and no hash. server/DESIGN.md (Order).
 */

/** What holds for all of a run. */
export interface Terms {
  readonly existence: 'own' | 'shared';
  readonly quotaBytes: number | undefined;
  readonly trashMs: number;
  readonly graceMs: number;
  /** Pins of what is referred to outlive the commit that they were asked for (server/storage/sqlite/pin-vectors.ts). */
  readonly keepsVectors: boolean;
}

export interface ModelUpload {
  readonly account: number;
  expiresAt: number;
  received: number;
  uncommitted: number;
  pins: number[];
  vectors: number[];
  nonces: { readonly serial: number; readonly blocks: string; readonly expiresAt: number }[];
}

export interface ModelImage {
  readonly account: number;
  readonly blocks: readonly number[];
  readonly createdAt: number;
  trashedAt: number | null;
}

/** `none`: never registered. `lost`: a record may tell of it, and nobody was told. */
export type AccountStatus = 'none' | 'lost' | 'open' | 'closing' | 'closed';

export interface State {
  now: number;
  isHeld: boolean;
  isSweeping: boolean;
  accounts: { status: AccountStatus; keyring: number; received: number }[];
  uploads: Record<string, ModelUpload>;
  images: Record<string, ModelImage>;
  blocks: Record<string, { isLive: boolean; touchedAt: number }>;
  /** Ids of images that were removed. */
  buried: number[];
  /** What the records of the packs say of an image: when it was removed and when restored; -1: never. */
  ledger: Record<string, { removedAt: number; restoredAt: number }>;
  /** Images of which a record may tell, and no row. */
  phantoms: { readonly image: number; readonly account: number }[];
}

export const blockLengths: readonly number[] = Array.from({ length: 10 }, (_, block) => 90 + 53 * block);
export const sealedLengths = { manifest: 120, entry: 60, wrappedKey: 40, preview: 50 } as const;
export const sealedTotal = 270;
export const uploadMs = 24 * 3_600_000;
export const proofMs = 5 * 60_000;
export const maxUploads = 16;

export function emptyStore(now: number, accounts: number): State {
  return {
    now, isHeld: false, isSweeping: false, accounts: Array.from({ length: accounts }, () => ({ status: 'none', keyring: 1, received: 0 })),
    uploads: {}, images: {}, blocks: {}, buried: [], ledger: {}, phantoms: [],
  };
}

/** What the records of the packs say of an image. */
export function wordsOf(state: State, image: number): State['ledger'][string] {
  return state.ledger[image] ?? { removedAt: -1, restoredAt: -1 };
}

export function bytesOf(blocks: Iterable<number>): number {
  let bytes = 0;
  for (const block of blocks) bytes += blockLengths[block] ?? 0;
  return bytes;
}

export function imagesOf(state: State, account: number): readonly (ModelImage & { readonly image: number })[] {
  return Object.entries(state.images).flatMap(([image, one]) => (one.account === account ? [{ ...one, image: Number(image) }] : []));
}

export function uploadsOf(state: State, account: number): readonly ModelUpload[] {
  return Object.values(state.uploads).filter((upload) => upload.account === account);
}

/** An image (of this account) refers to the block. */
export function isReferenced(state: State, block: number, account?: number): boolean {
  return Object.values(state.images).some((image) => (account === undefined || image.account === account) && image.blocks.includes(block));
}

export function liveUpload(state: State, upload: number): ModelUpload | undefined {
  const found = state.uploads[upload];
  return found !== undefined && found.expiresAt > state.now ? found : undefined;
}

/** The account may have the block without sending it. */
export function isOwned(state: State, block: number, account: number): boolean {
  const isPinned = uploadsOf(state, account).some(({ expiresAt, pins }) => expiresAt > state.now && pins.includes(block));
  return state.blocks[block]?.isLive === true && (isPinned || isReferenced(state, block, account));
}

/** Does what an existence answer does: "present" and the pin are one. */
export function pinOwned(state: State, terms: Terms, { upload, blocks }: { readonly upload: number; readonly blocks: readonly number[] }): readonly boolean[] {
  const session = liveUpload(state, upload);
  if (session === undefined) return blocks.map(() => false);
  const answers = blocks.map((block) => isOwned(state, block, session.account));
  for (const [at, block] of blocks.entries()) {
    if (answers[at] !== true) continue;
    add(terms.keepsVectors && isReferenced(state, block, session.account) ? session.vectors : session.pins, block);
  }
  return answers;
}

/** The blocks that a commit of this session would find missing. */
export function missingOf(state: State, upload: number, blocks: readonly number[]): readonly number[] {
  const session = liveUpload(state, upload);
  const isHeld = (block: number): boolean => session !== undefined && (session.pins.includes(block) || isReferenced(state, block, session.account));
  return blocks.filter((block) => !isHeld(block) || state.blocks[block]?.isLive !== true);
}

export function file(state: State, upload: number, blocks: readonly number[]): boolean {
  const session = liveUpload(state, upload);
  if (session === undefined) return false;
  for (const block of blocks) {
    state.blocks[block] = { isLive: true, touchedAt: Math.max(state.blocks[block]?.touchedAt ?? 0, state.now) };
    add(session.pins, block);
  }
  session.received += bytesOf(blocks);
  session.uncommitted += bytesOf(blocks);
  return true;
}

/** Takes an image away; what nothing refers to any longer counts as touched now, and sessions that asked for it pin it. */
export function removeImage(state: State, image: number): void {
  const removed = state.images[image];
  if (removed === undefined) return;
  state.images = without(state.images, image);
  for (const block of removed.blocks) {
    const row = state.blocks[block];
    if (row === undefined) continue;
    if (!isReferenced(state, block)) row.touchedAt = state.now;
    if (isReferenced(state, block, removed.account)) continue;
    for (const { vectors, pins } of uploadsOf(state, removed.account)) if (vectors.includes(block)) add(pins, block);
  }
}

export function dropUploads(state: State, isOver: (upload: ModelUpload) => boolean): number {
  const over = Object.entries(state.uploads).filter(([, upload]) => isOver(upload));
  for (const [upload] of over) state.uploads = without(state.uploads, upload);
  return over.length;
}

/** Removes what nobody refers to or pins and nobody touched since the grace. Answers how many. */
export function collect(state: State, before: number): number {
  const isPinned = (block: number): boolean => Object.values(state.uploads).some(({ pins }) => pins.includes(block));
  const gone = Object.entries(state.blocks).filter(([block, { touchedAt }]) => touchedAt < before && !isPinned(Number(block)) && !isReferenced(state, Number(block)));
  for (const [block] of gone) state.blocks = without(state.blocks, block);
  return gone.length;
}

/** What an account uses, as its owner reads it. */
export function usageOf(state: State, account: number): Readonly<Record<string, number>> {
  const images = imagesOf(state, account);
  const blocks = new Set(images.flatMap((image) => image.blocks).filter((block) => state.blocks[block] !== undefined));
  const pinned = new Set(uploadsOf(state, account).flatMap(({ pins }) => pins).filter((block) => state.blocks[block] !== undefined && !blocks.has(block)));
  const usage = {
    images: images.length, trashedImages: images.filter(({ trashedAt }) => trashedAt !== null).length, blocks: blocks.size, cipherBytes: bytesOf(blocks),
    manifestBytes: images.length * sealedLengths.manifest, entryBytes: images.length * (sealedLengths.entry + sealedLengths.wrappedKey),
    previewBytes: images.length * sealedLengths.preview, sessionBytes: bytesOf(pinned),
  };
  const usedBytes = usage.cipherBytes + usage.manifestBytes + usage.entryBytes + usage.previewBytes + usage.sessionBytes;
  return { ...usage, usedBytes, receivedBytes: state.accounts[account]?.received ?? 0 };
}

/** All that can be seen of the store from outside, in one text. */
export function viewOf(state: State): string {
  const accounts = state.accounts.map(({ status, keyring }, account) => (status === 'open' ? { keyring, usage: usageOf(state, account) } : 'none'));
  const images = Object.entries(state.images).map(([image, { account, createdAt, trashedAt }]) => [Number(image), account, createdAt, trashedAt] as const);
  const blocks = Object.entries(state.blocks).map(([block, { isLive }]) => [Number(block), isLive, isReferenced(state, Number(block))] as const);
  const uploads = Object.keys(state.uploads).length;
  return textOfView({ accounts, images, blocks, uploads, isHeld: state.isHeld });
}

/** What `viewOf` is made of, in any order. */
export interface View {
  readonly accounts: readonly unknown[];
  /** Number, account, time of the commit, time in the trash. */
  readonly images: readonly (readonly [number, number, number, number | null])[];
  /** Number, live or quarantined, referred to. */
  readonly blocks: readonly (readonly [number, boolean, boolean])[];
  readonly uploads: number;
  readonly isHeld: boolean;
}

export function textOfView({ accounts, images, blocks, uploads, isHeld }: View): string {
  const byNumber = (a: readonly [number, ...unknown[]], b: readonly [number, ...unknown[]]): number => a[0] - b[0];
  return JSON.stringify({ accounts, images: [...images].sort(byNumber), blocks: [...blocks].sort(byNumber), uploads, isHeld }, undefined, 1);
}

/** Lists of numbers are sets: in ascending order, so that equal ones are equal texts. */
export function add(list: number[], one: number): void {
  if (list.includes(one)) return;
  list.push(one);
  list.sort((a, b) => a - b);
}

export function without<T>(record: Record<string, T>, key: number | string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== String(key)));
}
