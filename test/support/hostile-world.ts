/**
 * A real server with accounts and images of every kind, and clients that reach it through a network that lies. The clients'
 * keys are witnessed, waits cost nothing, and work is done in one thread.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pngOf } from '../../bench/plain-images.js';
import { connectWith } from '../../client-sdk/client.js';
import type { DiceClient } from '../../client-sdk/api.js';
import type { CryptoProvider } from '../../client-sdk/core/crypto.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import type { BlockFrame } from '../../client-sdk/protocol/frames.js';
import type { Platform } from '../../client-sdk/ports.js';
import { KeyWitness } from './key-witness.js';
import { LyingNetwork } from './lying-network.js';
import { type CacheRows, memoryCache } from './memory-cache.js';
import { startServer, type TestServer } from './running-server.js';
import { jpegOf, photograph, withOnePixel } from './sample-images.js';
import { storedId, testPassword, uploaded } from './sdk-client.js';
import { piecesOf } from './secret-search.js';
import { framesOf } from './stream-lies.js';

/** An account and the words that recover it. */
export interface Owner {
  readonly client: DiceClient;
  readonly username: string;
  readonly words: string;
}

/** Makes a client's cryptography another: a fault that lies must find. */
export type Plant = (crypto: CryptoProvider) => CryptoProvider;

/** Names of the images of the first account. */
export type ImageName = 'photo.png' | 'equal.png' | 'edited.png' | 'picture.jpg' | 'notes.bin' | 'inline.txt' | 'trashed.bin';

export class HostileWorld {
  readonly network = new LyingNetwork();
  readonly witness = new KeyWitness();
  readonly ids = new Map<ImageName, string>();
  readonly #pieces: ReadonlySet<string>;
  readonly #crypto: CryptoProvider;
  #freshPieces: readonly string[] = [];
  #count = 0;

  private constructor(
    readonly server: TestServer,
    readonly files: Readonly<Record<ImageName, Uint8Array>>,
    plant: Plant,
  ) {
    this.#crypto = plant(this.witness.provider);
    this.#pieces = new Set(Object.values(files).flatMap(piecesOf));
  }

  static async open(existence: 'own' | 'shared' = 'own', plant: Plant = (crypto) => crypto): Promise<HostileWorld> {
    return new HostileWorld(await startServer({ existence, trustProxy: ['loopback'] }), await madeFiles(), plant);
  }

  /** A client through the network. */
  connect(platform: Partial<Platform> = {}): Promise<DiceClient> {
    return connectWith(this.platform(platform), { server: this.server.url });
  }

  platform(platform: Partial<Platform> = {}): Platform {
    return {
      ...nodePlatform(undefined, 0),
      crypto: this.#crypto,
      fetch: this.network.fetch,
      sleep: (ms, signal) => (ms > 60_000 ? never(signal) : Promise.resolve()),
      makePreview: (source) => Promise.resolve(source.size > 1_000 ? new Uint8Array(300).fill(source.size & 0xff) : undefined),
      ...platform,
    };
  }

  /** A client that goes on with a session, and remembers what is in these rows. */
  async resumed(client: DiceClient, rows: CacheRows): Promise<DiceClient> {
    const other = await this.connect(remembering(rows));
    await other.resumeSession(await client.saveSession());
    return other;
  }

  /** A new account. */
  async owner(request: { readonly domain?: 'open' | 'personal'; readonly invitation?: string } = {}, platform: Partial<Platform> = {}): Promise<Owner> {
    const username = this.nextName();
    const client = await this.connect(platform);
    const { recoveryWords: words } = await client.register({ username, password: testPassword, domain: 'personal', setupToken: this.#setupToken(), ...request });
    return { client, username, words };
  }

  /** Of the first account: the server believes that requests come from elsewhere. */
  #setupToken(): string | undefined {
    const file = path.join(this.server.dataDirectory, 'setup-token');
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  }

  nextName(): string {
    return `person-${String(++this.#count)}`;
  }

  /** Stores all images, `between` after each; the last lies in the trash afterwards. */
  async fill(client: DiceClient, between: (stored: number) => Promise<unknown>): Promise<void> {
    // One after the other: an edited copy looks for its original.
    for (const name of Object.keys(this.files) as ImageName[]) {
      this.ids.set(name, await storedId(client, name, this.files[name]));
      await between(this.ids.size);
    }
    await client.remove(this.id('trashed.bin'));
  }

  id(name: ImageName): string {
    const id = this.ids.get(name);
    if (id === undefined) throw new Error(`${name} is not stored`);
    return id;
  }

  /** Files that nobody has uploaded; until the next ones their bytes are looked for in requests. */
  freshFiles(): Readonly<Record<string, Uint8Array>> {
    const seed = ++this.#count;
    const files = { [`fresh picture ${String(seed)}.png`]: pngOf(photograph(80, 70, seed)), [`fresh bytes ${String(seed)}.bin`]: Uint8Array.from(randomBytes(600)) };
    this.#freshPieces = Object.values(files).flatMap(piecesOf);
    return files;
  }

  async upload(client: DiceClient, files: Readonly<Record<string, Uint8Array>>): ReturnType<typeof uploaded> {
    return uploaded(client, files, { filesInFlight: 1 });
  }

  /** A block of an account's image, as the server sends it. */
  async blockOf(client: DiceClient, id: string): Promise<BlockFrame> {
    this.network.reset(undefined);
    for await (const piece of client.download(id)) if (piece.length === 0) break;
    const stream = this.network.exchanges.find(({ sent }) => sent.route === 'fetchBlocks')?.answer.body ?? new Uint8Array();
    const [block] = framesOf(stream);
    if (block?.kind !== 'block') throw new Error('the image has no block');
    return block;
  }

  /** Asks for JSON in an account's name, beside the network. */
  async reader(client: DiceClient): Promise<(path: string) => Promise<unknown>> {
    const { token } = await client.saveSession();
    return async (path) => (await fetch(`${this.server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${token ?? ''}` } })).json() as Promise<unknown>;
  }

  /** Texts that never travel: what people typed, and how files are called. */
  secretTexts({ words }: Owner): readonly string[] {
    return [testPassword, words, words.split(' ').slice(0, 3).join(' '), ...Object.keys(this.files), 'fresh picture', 'fresh bytes', 'one.png', 'two.png', 'mine too'];
  }

  /** Of all files that may be on their way. */
  pieces(): ReadonlySet<string> {
    return new Set([...this.#pieces, ...this.#freshPieces]);
  }

  async close(): Promise<void> {
    await this.server.close();
  }
}

/** What makes a platform one that remembers. */
export function remembering(rows: CacheRows): Partial<Platform> {
  return { openCache: () => Promise.resolve(memoryCache(rows)) };
}

async function madeFiles(): Promise<Readonly<Record<ImageName, Uint8Array>>> {
  const photo = photograph(200, 150, 4);
  const png = pngOf(photo);
  return {
    'photo.png': png,
    'equal.png': png,
    'edited.png': pngOf(withOnePixel(photo, 100, 50)),
    'picture.jpg': await jpegOf(photograph(96, 80, 5)),
    'notes.bin': concat(Uint8Array.from(randomBytes(900))),
    'inline.txt': Buffer.from('a few words'),
    'trashed.bin': Uint8Array.from(randomBytes(500)),
  };
}

/** A deadline that never comes, for a network that always answers. */
export function never(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => { reject(new Error('stopped')); });
  });
}
