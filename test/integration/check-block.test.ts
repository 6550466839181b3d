/**
 * The check of one block alone: what it asks of the server, its steps in their order, and where it stops when the server or the network
 * lies. The lists of the image are read once.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import type { BlockCheck, BlockStep, DiceClient, OpenImage } from '../../client-sdk/api.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { encodeStream, type Frame, FrameReader } from '../../client-sdk/protocol/frames.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { jpegOf, photograph } from '../support/sample-images.js';
import { clientOf, codeOf, registered, storedId, testPassword } from '../support/sdk-client.js';

let server: TestServer;
let client: DiceClient;
let opened: OpenImage;
let change: (frames: readonly Frame[]) => readonly Frame[] = (frames) => frames;
const asked: string[] = [];

async function tamperingFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  asked.push(new URL(url).pathname.replace(/.*\/images\/[0-9a-f]{32}/, ''));
  if (!url.endsWith('/blocks')) return response;
  const frames = new FrameReader().push(new Uint8Array(await response.arrayBuffer()));
  return new Response(concat(...encodeStream(change(frames))), { status: 200 });
}

beforeAll(async () => {
  server = await startServer();
  const owner = await registered(server.url, 'olga', { domain: 'personal' });
  const id = await storedId(owner, 'one.png', pngOf(photograph(300, 260, 6)));
  await storedId(owner, 'planes.jpg', await jpegOf(photograph(900, 500, 2), 70));
  client = await clientOf(server.url, { fetch: tamperingFetch });
  await client.login({ username: 'olga', password: testPassword });
  opened = await client.open(id);
});

afterAll(async () => {
  await server.close();
});

function tagOf(index: number): string {
  return opened.blocks[index]?.block?.tag ?? '';
}

/** The steps as `name` or `name!` where wrong, and the check at the end. */
async function checked(index: number, how = change): Promise<{ readonly steps: string; readonly check: BlockCheck | undefined }> {
  change = how;
  const told: (BlockStep | BlockCheck)[] = [];
  for await (const one of client.checkBlock(opened.image.id, tagOf(index))) told.push(one);
  change = (frames) => frames;
  const steps = told.flatMap((one) => (one.kind === 'step' ? [`${one.step}${one.isRight ? '' : '!'}`] : []));
  return { steps: steps.join(' '), check: told.flatMap((one) => (one.kind === 'block' ? [one] : []))[0] };
}

function withCipher(edit: (cipher: Uint8Array) => void): (frames: readonly Frame[]) => readonly Frame[] {
  return (frames) => frames.map((frame) => {
    if (frame.kind === 'absent') return frame;
    const cipher = frame.cipher.slice();
    edit(cipher);
    return { ...frame, cipher };
  });
}

describe('the check of one block', () => {
  it('tells every step of a sound block, its sizes and codes, and asks for that block alone once the lists are read', async () => {
    const { steps, check } = await checked(4);
    expect(steps).toBe('fetch code hash key decode');
    expect(check).toMatchObject({ index: 4, role: 'content', region: opened.blocks[4]?.region, isFetched: true, isCodeEqual: true, isHashRight: true, isKeyRight: true, isDecoded: true });
    expect(check?.cipherBytes).toBeGreaterThan(100);
    expect(check?.contentBytes).toBeGreaterThan(1_000);
    expect(check?.storedCode).toBe(opened.blocks[4]?.block?.code);
    asked.length = 0;
    await checked(2);
    expect(asked).toEqual(['/blocks']);
  });

  it('stops where the server or the network lies, and says where', async () => {
    const flipped = await checked(1, withCipher((cipher) => { cipher[20] = (cipher[20] ?? 0) ^ 1; }));
    expect(flipped.steps).toMatch(/^fetch code!? hash!$/);
    expect(flipped.check).toMatchObject({ isFetched: true, isHashRight: false, isKeyRight: false, isDecoded: false, error: { code: 'integrity-failed' } });
    const absent = await checked(1, (frames) => frames.map(({ rehash }) => ({ kind: 'absent', rehash })));
    expect([absent.steps, absent.check?.isFetched, absent.check?.error?.extra.step]).toEqual(['fetch!', false, 'absent']);
    const other = await checked(1, (frames) => frames.map((frame) => (frame.kind === 'block' ? { ...frame, rehash: frame.rehash.map((byte) => byte ^ 1) as typeof frame.rehash } : frame))); // still 32 bytes
    expect([other.steps, other.check?.error?.extra.step]).toEqual(['fetch code hash!', 'tag']);
    const code = await checked(1, (frames) => frames.map((frame) => (frame.kind === 'block' ? { ...frame, code: frame.code ^ 4 } : frame)));
    expect(code.steps).toBe('fetch code! hash key decode');
    expect(code.check).toMatchObject({ isCodeEqual: false, isDecoded: true });
    expect((await checked(1)).steps).toBe('fetch code hash key decode');
  });

  it('agrees with the check of the whole image, segments included', async () => {
    for await (const whole of client.verify(opened.image.id)) {
      if (whole.kind !== 'block') continue;
      for await (const one of client.checkBlock(opened.image.id, whole.tag)) if (one.kind === 'block') expect(one).toEqual(whole.role === 'content' ? whole : { ...whole, index: one.index }); // segments are numbered as they come
    }
  });

  it('refuses a tag that the image does not have', async () => {
    const attempt = async (tag: string): Promise<void> => { for await (const told of client.checkBlock(opened.image.id, tag)) expect(told).toBeUndefined(); };
    for (const tag of ['', 'zz', '0'.repeat(64), tagOf(1).toUpperCase()]) expect(await codeOf(attempt(tag))).toBe('argument-invalid');
  });
});

describe('an opened image', () => {
  it('tells on which plane of a JPEG file each block lies, within the picture', async () => {
    const jpeg = await client.open((await client.find('planes.jpg')).id);
    const contents = jpeg.blocks.filter(({ role }) => role === 'content');
    expect(new Set(contents.map(({ place }) => place?.plane))).toEqual(new Set([0, 1, 2]));
    for (const plane of [0, 1, 2]) {
      const area = contents.reduce((sum, { place }) => sum + (place?.plane === plane ? place.region.width * place.region.height : 0), 0);
      expect(area).toBe(900 * 500);
    }
    expect(opened.blocks.every(({ role, place, region }) => role === 'segment' ? place === undefined : place?.plane === 0 && place.region === region || JSON.stringify(place?.region) === JSON.stringify(region))).toBe(true);
  });

  it('names the content at which a download failed', async () => {
    const attempt = async (): Promise<unknown> => {
      try {
        for await (const piece of client.download(opened.image.id)) expect(piece.length).toBeGreaterThan(0);
        return undefined;
      } catch (thrown) {
        return thrown;
      }
    };
    change = (frames) => frames.map((frame) => (frame.kind === 'block' && Buffer.from(frame.rehash).toString('hex') === opened.blocks[3]?.block?.rehash ? { kind: 'absent', rehash: frame.rehash } : frame));
    const thrown = await attempt();
    change = (frames) => frames;
    expect(thrown).toMatchObject({ code: 'integrity-failed', extra: { step: 'absent', contentIndex: 3 } });
  });
});
