/**
 * An account that asks a server about blocks as far as any client may, on one connection, and notes of each answer all that it could learn from: status,
 * headers, bytes, the time to the first byte and to the last.
 */
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { base64Of, concat, utf8 } from '../../client-sdk/protocol/bytes.js';
import { commitsType, encodeCommits } from '../../client-sdk/protocol/commit-body.js';
import { commitOf, type RawAccount, type RawBlock, streamOf } from './raw-account.js';

/** What one request told. */
export interface Answer {
  readonly status: number;
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly firstByteMs: number;
  readonly totalMs: number;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly type?: string;
  readonly body?: Uint8Array;
}

const octets = 'application/octet-stream';
const noBody = new Uint8Array(0);

export class Prober {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly port: number,
    readonly account: RawAccount,
  ) {}

  call({ method, path, type = octets, body = noBody }: Call): Promise<Answer> {
    const headers = { authorization: this.account.bearer, ...(method === 'POST' ? { 'content-type': type, 'content-length': body.length } : {}) };
    return new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const asked = request({ port: this.port, host: '127.0.0.1', path: `/api/v1/${path}`, method, agent: this.#agent, headers }, (answer) => {
        const firstByteMs = performance.now() - startedAt;
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.once('end', () => {
          const totalMs = performance.now() - startedAt;
          resolve({ status: answer.statusCode ?? 0, headers: answer.rawHeaders, body: Buffer.concat(pieces), firstByteMs, totalMs });
        });
      });
      asked.once('error', reject);
      asked.end(body);
    });
  }

  /** Begins an upload session and answers its id. */
  async begin(): Promise<string> {
    const answer = await this.call({ method: 'POST', path: 'uploads' });
    // The schema of the route, which other tests hold.
    return (JSON.parse(answer.body.toString()) as { uploadId: string }).uploadId;
  }

  end(uploadId: string): Promise<Answer> {
    return this.call({ method: 'DELETE', path: `uploads/${uploadId}` });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** One probe: a vector of blocks that all are foreign or all absent, a session for it, and the id of the image that it may become. */
export interface Probe {
  readonly blocks: readonly RawBlock[];
  readonly uploadId: string;
  readonly imageId: string;
  /** An image of the prober's, in which a fetch asks for blocks of others. */
  readonly ownImageId: string;
}

/** A probe of `blocks`. */
export function probeOf(blocks: readonly RawBlock[], { uploadId, ownImageId }: Pick<Probe, 'uploadId' | 'ownImageId'>): Probe {
  return { blocks, uploadId, ownImageId, imageId: randomBytes(16).toString('hex') };
}

const rehashesOf = ({ blocks }: Probe): Uint8Array => concat(...blocks.map(({ rehash }) => rehash));
/** Proofs of nothing under a nonce that nobody was given, as any client can make them. */
function claimBody(probe: Probe): Uint8Array {
  const tags = base64Of(rehashesOf(probe));
  return utf8(JSON.stringify({ nonce: '0'.repeat(64), tags, proofs: tags }));
}
const commitBody = ({ imageId, blocks }: Probe): Uint8Array => encodeCommits([commitOf(imageId, blocks)]);

/** What a client may do about blocks, in the order of a life; each is one request. */
export const questions = {
  ask: (probe) => ({ method: 'POST', path: `uploads/${probe.uploadId}/existence`, body: rehashesOf(probe) }),
  claim: (probe) => ({ method: 'POST', path: `uploads/${probe.uploadId}/claims`, type: 'application/json', body: claimBody(probe) }),
  claimByCommit: (probe) => ({ method: 'POST', path: `uploads/${probe.uploadId}/commits`, type: commitsType, body: commitBody(probe) }),
  fetch: (probe) => ({ method: 'POST', path: `images/${probe.ownImageId}/blocks`, body: concat(...probe.blocks.map(({ tag }) => tag)) }),
  send: (probe) => ({ method: 'POST', path: `uploads/${probe.uploadId}/blocks`, body: streamOf(probe.blocks) }),
  sendAgain: (probe) => ({ method: 'POST', path: `uploads/${probe.uploadId}/blocks`, body: streamOf(probe.blocks) }),
  askAgain: (probe) => ({ method: 'POST', path: `uploads/${probe.uploadId}/existence`, body: rehashesOf(probe) }),
  commit: (probe) => ({ method: 'POST', path: `uploads/${probe.uploadId}/commits`, type: commitsType, body: commitBody(probe) }),
  usage: () => ({ method: 'GET', path: 'account/usage' }),
  report: () => ({ method: 'GET', path: 'report' }),
  fetchOwn: (probe) => ({ method: 'POST', path: `images/${probe.imageId}/blocks`, body: concat(...probe.blocks.map(({ tag }) => tag)) }),
  trash: (probe) => ({ method: 'DELETE', path: `images/${probe.imageId}` }),
  purge: (probe) => ({ method: 'DELETE', path: `trash/${probe.imageId}` }),
  askAfter: (probe) => ({ method: 'POST', path: `uploads/${probe.uploadId}/existence`, body: rehashesOf(probe) }),
} as const satisfies Readonly<Record<string, (probe: Probe) => Call>>;

export type Question = keyof typeof questions;

export const wholeLife = Object.keys(questions) as readonly Question[]; // keys of the object above
