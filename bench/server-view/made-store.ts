/**
 * A store that the audit makes itself: a real server on loopback, one account of the real SDK, files uploaded in their order.
 * Of each image it notes what the server must not know: its file, and where its blocks lie in the picture.
 */
import path from 'node:path';
import { connect, type DiceClient, fileForUpload } from '../../client-sdk/node/index.js';
import type { UploadOptions } from '../../client-sdk/api.js';
import { ServerProcess } from '../server-process.js';

/** A file to store. */
export interface StoredFile {
  readonly path: string;
  readonly name: string;
}

/** What is true of a block of an image. */
export interface KnownBlock {
  readonly role: 'content' | 'segment';
  /** Where it stands in the file: the index of the first content that is this block. */
  readonly index: number;
  /** The block is another picture's, and this content a patch of it. */
  readonly isPatched: boolean;
  readonly region: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | undefined;
}

/** What is true of an image. */
export interface KnownImage {
  readonly file: StoredFile;
  /** Tiles, or plain bytes where it is `bytes`. */
  readonly splitter: string;
  readonly patchedTiles: number;
  /** By T1 in hex. */
  readonly blocks: ReadonlyMap<string, KnownBlock>;
}

/** By image id. */
export type Truth = ReadonlyMap<string, KnownImage>;

/** How one is made. */
export interface StoreMaking {
  readonly dataDirectory: string;
  readonly username: string;
  readonly signal: AbortSignal;
}

const password = 'seven swans over the weir';

/** Begin with `start`, end with `close`; then the data directory lies still. */
export class MadeStore {
  private constructor(
    private readonly server: ServerProcess,
    private readonly client: DiceClient,
    private readonly signal: AbortSignal,
  ) {}

  static async start({ dataDirectory, username, signal }: StoreMaking): Promise<MadeStore> {
    const server = await ServerProcess.start({ dataDirectory, environment: { DICE_LOG_LEVEL: 'error', DICE_SWEEP_MINUTES: '0' } });
    try {
      const client = await connect(server.url, { profileDir: path.join(dataDirectory, '..', `${username}-profile`) });
      await client.register({ username, password, domain: 'personal', device: 'audit' }, { signal });
      return new MadeStore(server, client, signal);
    } catch (cause) {
      await server.stop();
      throw cause;
    }
  }

  /** Stores files; answers what is true of each image. Throws where one fails. */
  async store(files: readonly StoredFile[], options: UploadOptions): Promise<Truth> {
    const byName = new Map(files.map((file) => [file.name, file] as const));
    const stored = new Map<string, KnownImage>();
    const uploads = files.map((file) => fileForUpload(file.path, file.name));
    for await (const { id, name, error, splitter = 'bytes', patchedTiles } of this.client.upload(uploads, { ...options, signal: this.signal })) {
      const file = byName.get(name);
      if (id === undefined || file === undefined) throw error ?? new Error(`${name} was not stored`);
      stored.set(id, { file, splitter, patchedTiles, blocks: await this.#blocksOf(id) });
    }
    return stored;
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.server.stop();
  }

  async #blocksOf(id: string): Promise<ReadonlyMap<string, KnownBlock>> {
    const known = new Map<string, KnownBlock>();
    for (const { role, index, region, patchBytes, block } of (await this.client.open(id, { signal: this.signal })).blocks) {
      if (block === undefined || known.has(block.rehash)) continue;
      known.set(block.rehash, { role, index, isPatched: patchBytes !== undefined, region });
    }
    return known;
  }
}
