/**
 * A server, or a network, that lies: every lie ends as a typed error, and every passing failure is survived. The real
 * server answers; a network in between changes its answers.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import type { DiceClient } from '../../client-sdk/api.js';
import { writeFileWhole } from '../../client-sdk/node/files.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { encodeStream, type Frame, FrameReader } from '../../client-sdk/protocol/frames.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';
import { clientOf, codeOf, downloaded, registered, storedId, testPassword, uploaded, verified } from '../support/sdk-client.js';

type Tamper = (response: Response, url: string, init: RequestInit) => Promise<Response> | Response;

let server: TestServer;
let honest: DiceClient;
let first: string;
let second: string;
let tamper: Tamper = (response) => response;
let before: (url: string, init: RequestInit) => void = () => undefined;
let victim: DiceClient;

const png = pngOf(photograph(160, 130, 6));

async function tamperingFetch(url: string, init: RequestInit): Promise<Response> {
  before(url, init);
  return tamper(await fetch(url, init), url, init);
}

/** Runs `attempt` while the network tampers. */
async function under<T>(how: Tamper, attempt: () => Promise<T>): Promise<T> {
  tamper = how;
  try {
    return await attempt();
  } finally {
    tamper = (response) => response;
  }
}

async function withFrames(response: Response, change: (frames: readonly Frame[]) => readonly Frame[]): Promise<Response> {
  const reader = new FrameReader();
  const frames = reader.push(new Uint8Array(await response.arrayBuffer()));
  return new Response(concat(...encodeStream(change(frames))), { status: 200 });
}

function onBlocks(change: (frames: readonly Frame[]) => readonly Frame[]): Tamper {
  return (response, url) => (url.endsWith('/blocks') ? withFrames(response, change) : response);
}

function flipped(frame: Frame, at: number): Frame {
  if (frame.kind === 'absent') return frame;
  const cipher = frame.cipher.slice();
  cipher[at] = (cipher[at] ?? 0) ^ 1;
  return { ...frame, cipher };
}

beforeAll(async () => {
  server = await startServer();
  honest = await registered(server.url, 'honest', { domain: 'personal' });
  first = await storedId(honest, 'first.png', png);
  second = await storedId(honest, 'second.png', pngOf(photograph(160, 130, 7)));
  victim = await clientOf(server.url, { fetch: tamperingFetch, platform: { sleep: (ms, signal) => (ms > 60_000 ? never(signal) : Promise.resolve()) } });
  await victim.login({ username: 'honest', password: testPassword });
});

afterAll(async () => {
  await server.close();
});

/** A deadline that never comes, for a network that always answers. */
function never(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => { reject(new Error('stopped')); });
  });
}

describe('a download', () => {
  const download = (): Promise<string> => codeOf(downloaded(victim, first));

  it('of a flipped, dropped, withheld or exchanged block fails its integrity', async () => {
    const lies: readonly ((frames: readonly Frame[]) => readonly Frame[])[] = [
      (frames) => frames.map((frame, i) => (i === 0 ? flipped(frame, 20) : frame)),
      (frames) => frames.slice(0, -1),
      (frames) => frames.map((frame) => ({ kind: 'absent', rehash: frame.rehash })),
      (frames) => [...frames].reverse(),
      (frames) => frames.map((frame) => (frame.kind === 'block' && frames[0]?.kind === 'block' ? { ...frame, cipher: frames[0].cipher } : frame)),
    ];
    for (const lie of lies.slice(0, 3)) expect(await under(onBlocks(lie), download)).toBe('integrity-failed');
    for (const lie of lies.slice(3)) expect(await under(onBlocks(lie), () => download())).toBe('integrity-failed');
    expect(await download()).toBe('none');
  });

  it('of another image’s record, or of a record with another image’s manifest, fails', async () => {
    const otherRecord: Tamper = async (response, url, init) => (url.endsWith(first) ? fetch(url.replace(first, second), init) : response);
    expect(await under(otherRecord, download)).toBe('integrity-failed');
    const otherManifest: Tamper = async (response, url, init) => {
      if (!url.endsWith(first)) return response;
      const own = (await response.json()) as { card: unknown };
      const other = (await (await fetch(url.replace(first, second), init)).json()) as { manifest: unknown };
      return Response.json({ ...own, manifest: other.manifest });
    };
    expect(await under(otherManifest, download)).toBe('sealed-invalid');
    const otherId: Tamper = async (response, url, init) => {
      if (!url.endsWith(first)) return response;
      const other = (await (await fetch(url.replace(first, second), init)).json()) as { card: object };
      return Response.json({ ...other, card: { ...other.card, imageId: first } });
    };
    expect(await under(otherId, download)).toBe('sealed-invalid');
  });

  it('of nonsense is an invalid answer', async () => {
    expect(await under(() => new Response('<html>', { status: 200 }), download)).toBe('answer-invalid');
    expect(await under(() => Response.json({ card: 1 }), download)).toBe('answer-invalid');
    expect(await under(() => new Response('oops', { status: 418 }), download)).toBe('answer-invalid');
    expect(await under((response, url) => (url.endsWith('/blocks') ? new Response(new Uint8Array(40)) : response), download)).toBe('answer-invalid');
  });

  it('that fails leaves no file behind, neither under its name nor beside it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'dice-download-'));
    try {
      const write = (): Promise<string> => codeOf(writeFileWhole(path.join(folder, 'first.png'), victim.download(first)));
      expect(await under(onBlocks((frames) => frames.map((frame, i) => (i === 0 ? flipped(frame, 20) : frame))), write)).toBe('integrity-failed');
      expect(await readdir(folder)).toEqual([]);
      expect(await write()).toBe('none');
      expect(await readdir(folder)).toEqual(['first.png']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('a verification', () => {
  it('names the bad block, checks all others and compares the check codes', async () => {
    const sound = await verified(victim, first);
    const bad = await under(onBlocks((frames) => (frames.length > 3 ? frames.map((frame, i) => (i === 0 ? flipped(frame, 20) : frame)) : frames)), () => verified(victim, first));
    expect(bad.file).toMatchObject({ isFileHashRight: false, failedBlocks: 1, blocks: sound.file.blocks });
    const [failed] = bad.blocks.filter(({ error }) => error !== undefined);
    expect(failed).toMatchObject({ isFetched: true, isHashRight: false, isKeyRight: false, isDecoded: false, isCodeEqual: false });
  });

  it('tells a wrong stored code from a wrong block', async () => {
    const lie = onBlocks((frames) => frames.map((frame, i) => (frame.kind === 'block' && i === 0 && frames.length > 3 ? { ...frame, code: frame.code ^ 1 } : frame)));
    const { blocks, file } = await under(lie, () => verified(victim, first));
    expect(file).toMatchObject({ isFileHashRight: true, failedBlocks: 1 });
    expect(blocks.filter(({ isCodeEqual }) => !isCodeEqual)).toMatchObject([{ isHashRight: true, isDecoded: true }]);
  });
});

describe('an upload', () => {
  const fresh = (seed: number): Uint8Array => pngOf(photograph(160, 96, seed));

  it('survives a network that fails now and then', async () => {
    let calls = 0;
    before = (url) => {
      if (url.includes('/uploads') && ++calls % 2 === 1) throw new TypeError('fetch failed');
    };
    const result = (await uploaded(victim, { 'flaky.png': fresh(31) })).get('flaky.png');
    before = () => undefined;
    expect(result?.status).toBe('stored');
    expect(Buffer.from(await downloaded(honest, result?.id ?? '')).equals(fresh(31))).toBe(true);
  });

  it('goes on in a new session where the server forgot the old one', async () => {
    let isEnded = false;
    const forget: Tamper = async (response, url, init) => {
      if (!isEnded && url.endsWith('/blocks')) {
        isEnded = true;
        const { authorization = '' } = init.headers as Readonly<Record<string, string>>; // The transport gives a plain record.
        await fetch(url.replace(/\/blocks$/, ''), { method: 'DELETE', headers: { authorization } });
      }
      return response;
    };
    const result = (await under(forget, () => uploaded(victim, { 'again.png': fresh(32) }))).get('again.png');
    expect(isEnded).toBe(true);
    expect(result?.status).toBe('stored');
    expect(Buffer.from(await downloaded(honest, result?.id ?? '')).equals(fresh(32))).toBe(true);
  });

  it('that the server calls wrong twice is a typed failure of that file alone', async () => {
    let calls = 0;
    const lie: Tamper = async (response, url) => {
      if (!url.endsWith('/blocks')) return response;
      const answer = (await response.json()) as { results: string[] };
      return Response.json(++calls <= 2 ? { ...answer, results: answer.results.map(() => 'tag-mismatch') } : answer);
    };
    const results = await under(lie, () => uploaded(victim, { 'refused.png': fresh(33), 'taken.png': fresh(34) }, { filesInFlight: 1 }));
    expect(results.get('refused.png')?.error?.code).toBe('tag-mismatch');
    expect(results.get('taken.png')?.status).toBe('stored');
  });

  it('that is cancelled ends so, and the next one sends only what is missing', async () => {
    const controller = new AbortController();
    const lie: Tamper = (response, url) => {
      if (url.endsWith('/commits')) controller.abort();
      if (url.endsWith('/blocks')) controller.abort();
      return response;
    };
    const attempt = (): Promise<string> => codeOf(uploaded(victim, { 'resumed.png': fresh(35) }, { signal: controller.signal }));
    expect(await under(lie, attempt)).toBe('cancelled');
    expect(await codeOf(honest.find('resumed.png'))).toBe('image-unknown');
    const result = (await uploaded(victim, { 'resumed.png': fresh(35) })).get('resumed.png');
    expect(result?.status).toBe('stored');
    expect(result?.blocksSent).toBeLessThan(result?.blocks ?? 0);
  });

  it('to a server that is gone fails as unreachable, without trying every file for long', async () => {
    before = () => {
      throw new TypeError('fetch failed');
    };
    expect(await codeOf(uploaded(victim, { 'gone.png': fresh(36) }))).toBe('server-unreachable');
    before = () => undefined;
  });
});

describe('a session', () => {
  it('refuses weak key derivation, foreign records and another realm', async () => {
    const client = await clientOf(server.url, { fetch: tamperingFetch });
    const weak: Tamper = async (response, url) => {
      if (!url.endsWith('/login/parameters')) return response;
      const { kdf } = (await response.json()) as { kdf: object };
      return Response.json({ kdf: { ...kdf, log2N: 10 } });
    };
    const login = (): Promise<string> => codeOf(client.login({ username: 'honest', password: testPassword }));
    expect(await under(weak, login)).toBe('kdf-refused');
    const renamed: Tamper = async (response, url) => {
      if (!url.endsWith('/login')) return response;
      const grant = (await response.json()) as { account: object };
      return Response.json({ ...grant, account: { ...grant.account, username: 'somebody' } });
    };
    expect(await under(renamed, login)).toBe('wrong-account');
    const realm: Tamper = async (response) => Response.json({ ...((await response.json()) as object), realm: 'elsewhere.example' });
    expect(await under(realm, () => codeOf(clientOf(server.url, { fetch: tamperingFetch })))).toBe('realm-mismatch');
  });

  it('that begins with a lost answer to registration goes on by logging in', async () => {
    const client = await clientOf(server.url, { fetch: tamperingFetch });
    const lose: Tamper = (response, url) => {
      if (url.endsWith('/accounts')) throw new TypeError('terminated');
      return response;
    };
    await under(lose, () => client.register({ username: 'lost-answer', password: testPassword }));
    expect(client.account?.username).toBe('lost-answer');
  });
});
