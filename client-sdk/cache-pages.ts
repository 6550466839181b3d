/**
 * Values of a cache, many sealed as one: a page. Under the key of each value the store has the id of its page, so that what is put
 * together costs one seal, and what is found together one opening. The store sees which keys were put together, and nothing of what
 * they stand for. A page that does not open, or does not hold what led to it, is not there.
 *
 *   page: for each value key (32), length (4), value
 */
import type { OpenAccount } from './account.js';
import { DiceError } from './core/errors.js';
import { open, seal } from './core/keys/sealed-object.js';
import { inBatches } from './core/plan.js';
import type { CacheStore, Platform } from './ports.js';
import { concat, hexOf, u32 } from './protocol/bytes.js';
import { hashBytes, idBytes } from './protocol/limits.js';

/** Under a key of 32 bytes. */
export interface CacheEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface PageParts {
  readonly platform: Pick<Platform, 'crypto' | 'randomBytes'>;
  readonly store: CacheStore;
  readonly account: OpenAccount;
  /** Seals pages alone. */
  readonly sealingKey: Uint8Array;
}

/** A page is full from so many bytes on: it is opened whole for one of its values. */
const fullPageBytes = 4_096;

/** The pages of one account's cache. */
export class CachePages {
  constructor(private readonly parts: PageParts) {}

  /** The value of each key, in order. */
  async find(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    const places = await this.parts.store.get(keys);
    if (places.every((place) => place === undefined)) return places;
    const ids = new Map<string, Uint8Array>();
    for (const place of places) if (place?.length === idBytes) ids.set(hexOf(place), place);
    const pages = await this.#pagesOf([...ids.values()]);
    // Not from any page that has it: an older one may have what it was before.
    return keys.map((key, i) => pages.get(hexOf(places[i] ?? key))?.get(hexOf(key)));
  }

  /** Keeps values under their keys; those that are there already take no room. */
  async put(entries: readonly CacheEntry[]): Promise<void> {
    const known = await this.find(entries.map(({ key }) => key));
    const fresh = entries.filter(({ value }, i) => !isSame(value, known[i]));
    const rows: [Uint8Array, Uint8Array][] = [];
    for (const page of inBatches(fresh, sizeOf, fullPageBytes)) {
      const id = this.parts.platform.randomBytes(idBytes);
      rows.push([id, await this.#sealed(id, page)]);
      for (const { key } of page) rows.push([key, id]);
    }
    if (rows.length > 0) await this.parts.store.put(rows);
  }

  /** Changes one value, whatever other processes do at the same time; undefined leaves it as it is. */
  async change(key: Uint8Array, to: (now: Uint8Array | undefined) => Uint8Array | undefined): Promise<void> {
    const { platform, store } = this.parts;
    for (let isChanged = false; !isChanged; ) {
      // First the place: a value that is newer than its place is found again in the next round.
      const [place] = await store.get([key]);
      const [now] = await this.find([key]);
      const value = to(now);
      if (value === undefined) return;
      const id = platform.randomBytes(idBytes);
      isChanged = await store.replace(place, [[key, id], [id, await this.#sealed(id, [{ key, value }])]]);
    }
  }

  async #pagesOf(ids: readonly Uint8Array[]): Promise<ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>> {
    const pages = new Map<string, ReadonlyMap<string, Uint8Array>>();
    const sealed = await this.parts.store.get(ids);
    for (const [i, id] of ids.entries()) {
      const plaintext = await this.#opened(id, sealed[i]);
      if (plaintext !== undefined) pages.set(hexOf(id), new Map([...entriesIn(plaintext)].map(({ key, value }) => [hexOf(key), value])));
    }
    return pages;
  }

  #sealed(id: Uint8Array, entries: readonly CacheEntry[]): Promise<Uint8Array> {
    const plaintext = concat(...entries.flatMap(({ key, value }) => [key, u32(value.length), value]));
    const { crypto, randomBytes } = this.parts.platform;
    return seal(crypto, { key: this.parts.sealingKey, context: this.#context(id), plaintext, randomBytes });
  }

  async #opened(id: Uint8Array, sealed: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (sealed === undefined) return undefined;
    try {
      return await open(this.parts.platform.crypto, { key: this.parts.sealingKey, context: this.#context(id), sealed });
    } catch (thrown) {
      if (thrown instanceof DiceError) return undefined;
      throw thrown;
    }
  }

  #context(objectId: Uint8Array) {
    return { purpose: 'cache', accountId: this.parts.account.record.accountId, objectId, revision: 0 } as const;
  }
}

function sizeOf({ value }: CacheEntry): number {
  return hashBytes + 4 + value.length;
}

/** Nobody but this account can have sealed it, so its form is right. */
function* entriesIn(page: Uint8Array): Generator<CacheEntry, void, void> {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  for (let at = 0; at + hashBytes + 4 <= page.length; ) {
    const start = at + hashBytes + 4;
    const end = start + view.getUint32(at + hashBytes);
    yield { key: page.slice(at, at + hashBytes), value: page.slice(start, end) };
    at = end;
  }
}

function isSame(value: Uint8Array, known: Uint8Array | undefined): boolean {
  return known?.length === value.length && known.every((byte, i) => byte === value[i]);
}
