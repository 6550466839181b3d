/**
 * SDK clients for tests: the real SDK on the real network, with scrypt replaced by a cheap derivation unless asked
 * otherwise, and a network that a test may tamper with.
 */
import { connectWith } from '../../client-sdk/client.js';
import type { BlockCheck, DiceClient, FileCheck, UploadedFile, UploadFile, UploadOptions } from '../../client-sdk/api.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import type { CryptoProvider } from '../../client-sdk/core/crypto.js';
import { DiceError } from '../../client-sdk/core/errors.js';
import { bytesForUpload } from '../../client-sdk/memory-file.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import type { Fetch, Platform } from '../../client-sdk/ports.js';

/** The password of every test account. */
export const testPassword = 'seven brown foxes';

/** scrypt at no cost: what it protects against is not what these tests are about. */
export const cheapProvider: CryptoProvider = { ...nodeProvider, scrypt: (password, salt) => nodeProvider.hmacSha256(salt, password) };

/** What a test changes of Node's platform. */
export interface ClientOptions {
  readonly fetch?: Fetch;
  readonly profileDir?: string;
  readonly platform?: Partial<Platform>;
}

/** Connects a client to the server at `url`. */
export function clientOf(url: string, options: ClientOptions = {}): Promise<DiceClient> {
  const tampered = options.fetch === undefined ? {} : { fetch: options.fetch };
  const withoutPreview = { makePreview: () => Promise.resolve(undefined) };
  return connectWith({ ...nodePlatform(options.profileDir), crypto: cheapProvider, ...withoutPreview, ...tampered, ...options.platform }, { server: url });
}

/** A client with a new account. */
export async function registered(url: string, username: string, options: ClientOptions & { readonly domain?: 'open' | 'personal'; readonly invitation?: string } = {}): Promise<DiceClient> {
  const client = await clientOf(url, options);
  await client.register({ username, password: testPassword, domain: options.domain, invitation: options.invitation });
  return client;
}

/** Uploads files given by name and bytes; answers results by name. */
export async function uploaded(client: DiceClient, files: Readonly<Record<string, Uint8Array>>, options: UploadOptions = {}): Promise<ReadonlyMap<string, UploadedFile>> {
  const given: UploadFile[] = Object.entries(files).map(([name, bytes]) => bytesForUpload(name, bytes));
  const results = new Map<string, UploadedFile>();
  for await (const result of client.upload(given, options)) results.set(result.name, result);
  return results;
}

/** Uploads one file and answers its id. */
export async function storedId(client: DiceClient, name: string, bytes: Uint8Array): Promise<string> {
  const result = (await uploaded(client, { [name]: bytes })).get(name);
  if (result?.status !== 'stored' || result.id === undefined) throw new Error(`not stored: ${String(result?.error)}`);
  return result.id;
}

/** All bytes of a stored image. */
export async function downloaded(client: DiceClient, id: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of client.download(id)) pieces.push(piece);
  return concat(...pieces);
}

/** All checks of a stored image; the last is the file's. */
export async function verified(client: DiceClient, id: string): Promise<{ readonly blocks: readonly BlockCheck[]; readonly file: FileCheck }> {
  const blocks: BlockCheck[] = [];
  for await (const check of client.verify(id)) {
    if (check.kind === 'file') return { blocks, file: check };
    blocks.push(check);
  }
  throw new Error('no check of the file came');
}

/** The code of the DiceError that `attempt` ends with, or 'none'. */
export async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'none';
  } catch (thrown) {
    if (thrown instanceof DiceError) return thrown.code;
    throw thrown;
  }
}
