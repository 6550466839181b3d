/**
 * A scripted day of a store, over the wire: a guest registers, images are uploaded, one is trashed and purged, the collector runs thoroughly and compacts.
 * Keeps what was acknowledged, so that a judge can hold a store against it; what was asked for and not answered may be either way, but never half.
 */
import { randomBytes } from 'node:crypto';
import { commitsType, encodeCommits } from '../../client-sdk/protocol/commit-body.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import type { CollectAnswer } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { commitOf, rawBlock, registrationOf, streamOf, type RawAccount, type RawBlock } from './raw-account.js';
import type { TestServer } from './running-server.js';

/** What an answer may take, also of a server that is watched at each call: what takes longer hangs. */
const patienceMs = 30_000;

interface StoredImage {
  readonly blocks: readonly RawBlock[];
  readonly manifest: Uint8Array;
}

export class ScriptedWork {
  private readonly images = new Map<string, StoredImage>();
  /** Asked for, and not answered. */
  private readonly unsure = new Map<string, StoredImage>();
  private readonly purged = new Set<string>();
  private readonly guests: string[] = [];
  /** What the collector said that it did, the last time. */
  collected: CollectAnswer | undefined;

  constructor(private readonly owner: RawAccount) {}

  /** The same knowledge, for a copy of the same store. */
  copy(): ScriptedWork {
    const other = new ScriptedWork(this.owner);
    for (const [id, image] of this.images) other.images.set(id, image);
    for (const id of this.purged) other.purged.add(id);
    other.guests.push(...this.guests);
    return other;
  }

  get acknowledged(): number {
    return this.images.size + this.purged.size + this.guests.length;
  }

  /** Uploads an image of new blocks and one of a block that the store has. */
  async upload(url: string): Promise<void> {
    const [known] = [...this.images.values()].flatMap(({ blocks }) => blocks);
    const blocks = [rawBlock(40_000), rawBlock(300), ...(known === undefined ? [] : [known])];
    const { uploadId } = await this.made<{ uploadId: string }>(`${url}/api/v1/uploads`);
    await this.call(`${url}/api/v1/uploads/${uploadId}/blocks`, 'POST', { bytes: new Uint8Array(streamOf(blocks)) });
    const commit = commitOf(randomBytes(16).toString('hex'), blocks);
    const image = { blocks, manifest: commit.manifest };
    this.unsure.set(commit.imageId, image);
    const answer = await this.call(`${url}/api/v1/uploads/${uploadId}/commits`, 'POST', { bytes: new Uint8Array(encodeCommits([commit])), type: commitsType });
    if (!answer.includes('"stored"')) throw new Error(`the commit answered ${answer}`);
    this.images.set(commit.imageId, image);
    this.unsure.delete(commit.imageId);
    await this.call(`${url}/api/v1/uploads/${uploadId}`, 'DELETE');
  }

  /** Takes the newest image away for good. */
  async purge(url: string): Promise<void> {
    const [id, image] = [...this.images].at(-1) ?? [];
    if (id === undefined || image === undefined) throw new Error('there is no image to remove');
    this.images.delete(id);
    this.unsure.set(id, image);
    for (const route of [`images/${id}`, `trash/${id}`]) await this.call(`${url}/api/v1/${route}`, 'DELETE');
    this.unsure.delete(id);
    this.purged.add(id);
  }

  /** Has the collector run thoroughly. */
  async collect(url: string): Promise<void> {
    this.collected = undefined;
    this.collected = await this.made<CollectAnswer>(`${url}/api/v1/operator/collect`);
  }

  /** The whole script. What fails is answered, step by step, and the next step is tried all the same. */
  async run(url: string): Promise<readonly string[]> {
    const failures: string[] = [];
    const steps = { register: () => this.register(url), upload: () => this.upload(url), purge: () => this.purge(url), collect: () => this.collect(url), again: () => this.upload(url) };
    for (const [name, step] of Object.entries(steps)) {
      await step().catch((error: unknown) => failures.push(`${name}: ${error instanceof Error ? `${error.name} ${error.message}` : String(error)}`));
    }
    return failures;
  }

  /** What `server`, on the same data, does not give back as it was acknowledged. */
  async missingFrom(server: TestServer): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const [id, image] of this.images) if ((await this.stateOf(server, id, image)) !== 'whole') missing.push(`image ${id} is not whole`);
    for (const [id, image] of this.unsure) if ((await this.stateOf(server, id, image)) === 'broken') missing.push(`image ${id}, never acknowledged, is there in part`);
    for (const id of this.purged) if ((await this.stateOf(server, id)) !== 'absent') missing.push(`image ${id} was purged and is there`);
    for (const bearer of this.guests) {
      const answer = await fetch(`${server.url}/api/v1/account`, { headers: { authorization: bearer } });
      await answer.arrayBuffer();
      if (!answer.ok) missing.push(`an account that was registered answers ${String(answer.status)}`);
    }
    return missing;
  }

  private async register(url: string): Promise<void> {
    const body = registrationOf(`guest-${randomBytes(6).toString('hex')}`);
    const { token } = await this.made<{ token: string }>(`${url}/api/v1/accounts`, body);
    this.guests.push(`Bearer ${token}`);
  }

  private async stateOf(server: TestServer, id: string, image?: StoredImage): Promise<'whole' | 'absent' | 'broken'> {
    const [accountId, imageId] = [this.owner.accountId as AccountId, id as ImageId]; // ids that the server has taken
    try {
      const { manifest } = await server.services.images.read(accountId, imageId);
      if (image === undefined || !Buffer.from(manifest).equals(image.manifest)) return 'broken';
      const found: Uint8Array[] = [];
      for await (const frame of await server.services.blocks.fetch(accountId, imageId, image.blocks.map(({ tag }) => tag))) if (frame.kind === 'block') found.push(frame.cipher);
      return image.blocks.every(({ cipher }, i) => Buffer.from(cipher).equals(found[i] ?? new Uint8Array())) ? 'whole' : 'broken';
    } catch (error) {
      return error instanceof Refusal && error.code === 'not-found' ? 'absent' : 'broken';
    }
  }

  private async made<T>(address: string, body?: object): Promise<T> {
    const sent = body === undefined ? {} : { bytes: new TextEncoder().encode(JSON.stringify(body)), type: 'application/json' };
    return JSON.parse(await this.call(address, 'POST', sent)) as T; // what the route answers
  }

  private async call(address: string, method: string, sent: { readonly bytes?: Uint8Array<ArrayBuffer>; readonly type?: string } = {}): Promise<string> {
    const { bytes, type = 'application/octet-stream' } = sent;
    const answer = await fetch(address, {
      method,
      signal: AbortSignal.timeout(patienceMs),
      headers: { authorization: this.owner.bearer, ...(bytes === undefined ? {} : { 'content-type': type }) },
      ...(bytes === undefined ? {} : { body: bytes }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`answered ${String(answer.status)} ${text.slice(0, 200)}`);
    return text;
  }
}
