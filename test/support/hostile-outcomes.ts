/**
 * What acts under a lying server came to, each said in what cannot be otherwise and in what is the server's own word.
 */
import type { DiceClient, Image, OpenImage, UploadedFile } from '../../client-sdk/api.js';
import type { HostileWorld, Owner } from './hostile-world.js';
import type { CacheRows } from './memory-cache.js';
import { downloaded } from './sdk-client.js';

/** What an act came to. `sure` is asked for when the lies are over, and may ask the server itself. */
export interface Outcome {
  readonly sure: () => unknown;
  readonly word?: unknown;
}

/** The world with the account that most scenarios read. */
export interface Stage {
  readonly world: HostileWorld;
  readonly ada: Owner;
  /** What a device of hers remembers that has seen the account's second head, and none since. */
  readonly early: CacheRows;
  /** Speaks to the server without the network's lies. */
  readonly honest: DiceClient;
}

/** Made ready, it acts. */
export type Scenario = (stage: Stage) => Promise<() => Promise<Outcome>>;

export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
export const said = (word: unknown): Outcome => ({ sure: () => 'done', word: plain(word) });
export const done: Outcome = { sure: () => 'done' };
export const all = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};

/** What was acknowledged is there, to the byte. Throws the error of a file that failed. */
export function kept({ world }: Stage, client: DiceClient, { files, results }: { readonly files: Readonly<Record<string, Uint8Array>>; readonly results: ReadonlyMap<string, UploadedFile> }): Outcome {
  for (const { error } of results.values()) if (error !== undefined) throw error;
  return {
    sure: async () => {
      const honest = await again(world, client);
      const there: (readonly [string, string, boolean])[] = [];
      for (const [name, { id, status }] of results) {
        const bytes = await downloaded(honest, id ?? '').catch(() => new Uint8Array());
        there.push([name.replace(/\d+/, ''), status, Buffer.compare(bytes, files[name] ?? new Uint8Array()) === 0]);
      }
      return there;
    },
  };
}

/** The same account with an honest server: password and words open it, and the client holds what the server has. */
export function entered(world: HostileWorld, client: DiceClient, { username, password, words }: { readonly username: string; readonly password: string; readonly words: string }): Outcome {
  const { domain, domains, isOperator, email, quotaBytes } = client.account ?? never();
  return {
    sure: async () => {
      const other = await world.connect();
      await other.login({ username, password });
      await other.checkRecoveryWords(words);
      const [own, theirs] = [await client.saveSession(), await other.saveSession()];
      return { domain, domains, isSame: own.accountKey === theirs.accountKey && own.accountId === theirs.accountId };
    },
    word: plain({ isOperator, email, quotaBytes }),
  };
}

export async function again(world: HostileWorld, client: DiceClient): Promise<DiceClient> {
  const other = await world.connect();
  await other.resumeSession(await client.saveSession());
  return other;
}

export function listed(images: readonly Image[]): Outcome {
  const rows = images.map(({ createdAt, trashedAt, hasPreview, blocks, ...rest }) => [rest, { createdAt, trashedAt, hasPreview, blocks }] as const);
  return { sure: () => plain(rows.map(([row]) => row)), word: plain(rows.map(([, row]) => row)) };
}

export function opened({ image, ...rest }: OpenImage): Outcome {
  const { createdAt, trashedAt, hasPreview, blocks, ...own } = image;
  return { sure: () => plain({ ...rest, own }), word: plain({ createdAt, trashedAt, hasPreview, blocks }) };
}

/** All of them, or the first error when all have ended. */
export async function settled<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return Promise.all(promises);
}

export function never(): never {
  throw new Error('nobody is logged in');
}
