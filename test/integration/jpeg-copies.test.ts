/**
 * JPEG files whose coefficients the account has already, all of them or most: other scans, metadata, a crop, a turn, a box. They
 * bring next to nothing and come back exactly.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DiceClient, UploadedFile } from '../../client-sdk/api.js';
import { localTasks } from '../../client-sdk/local-tasks.js';
import { nodeTools } from '../../client-sdk/node/node-tools.js';
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import type { Tasks } from '../../client-sdk/tasks.js';
import { type CoefficientAt, type JpegForm, segment, writeJpeg } from '../support/jpeg-writer.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { downloaded, registered, uploaded, verified } from '../support/sdk-client.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const colour = [[2, 2], [1, 1], [1, 1]] as const;
/** Blocks of the first component. */
const size = { across: 80, down: 70 };
const makeDirectory = temporaryDirectories();
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

/** Coefficients like those of a photograph: fewer and smaller ones at high frequencies, the same at every call. */
const textured: CoefficientAt = (component, { x, y }, place) => {
  let hash = Math.imul(x + 1, 0x9e3779b1) ^ Math.imul(y + 1, 0x85ebca6b) ^ Math.imul(64 * component + place + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  const noise = ((hash ^ (hash >>> 15)) >>> 8) / 0x800000 - 1;
  if (place === 0) return Math.round(120 * Math.sin(x / 9) + 90 * Math.cos(y / 7) + 20 * noise);
  return Math.trunc((40 * noise) / (1 + (place >> 3) ** 2 + (place & 7) ** 2));
};

const whole: JpegForm = { width: 8 * size.across, height: 8 * size.down, sampling: colour, value: textured };

/** The file from (x, y), in blocks of the first component. */
function crop(x: number, y: number): JpegForm {
  const value: CoefficientAt = (component, block, place) => textured(component, { x: block.x + (component === 0 ? x : x / 2), y: block.y + (component === 0 ? y : y / 2) }, place);
  return { ...whole, width: 8 * (size.across - x), height: 8 * (size.down - y), value };
}

/** The file turned to the right by 90 degrees: transposed, then mirrored left to right. */
const turned: JpegForm = {
  ...whole,
  width: whole.height,
  height: whole.width,
  value: (component, block, place) => {
    const down = component === 0 ? size.down : size.down / 2;
    const value = textured(component, { x: block.y, y: down - 1 - block.x }, 8 * (place & 7) + (place >> 3));
    return (place & 1) === 0 ? value : -value;
  },
};

const mirrored: JpegForm = {
  ...whole,
  value: (component, { x, y }, place) => {
    const across = component === 0 ? size.across : size.across / 2;
    const value = textured(component, { x: across - 1 - x, y }, place);
    return (place & 1) === 0 ? value : -value;
  },
};

const boxed: JpegForm = {
  ...whole,
  value: (component, { x, y }, place) => (x >= 20 && x < 26 && y >= 30 && y < 35 ? 0 : textured(component, { x, y }, place)),
};

/** What each copy may send of its original's bytes. */
const copies: readonly (readonly [name: string, form: JpegForm, share: number])[] = [
  ['other scans', { ...whole, isProgressive: true }, 0.02],
  ['restart markers', { ...whole, restart: 5 }, 0.02],
  ['a scan for each component', { ...whole, isApart: true }, 0.02],
  ['other metadata', { ...whole, before: segment(0xfe, utf8('a comment')) }, 0.02],
  ['a crop', crop(6, 4), 0.03],
  ['a turn', turned, 0.03],
  ['a mirror', mirrored, 0.03],
  ['a box', boxed, 0.04],
];

async function oneUpload(client: DiceClient, name: string, bytes: Uint8Array): Promise<UploadedFile & { readonly id: string }> {
  const file = (await uploaded(client, { [name]: bytes })).get(name);
  if (file?.id === undefined) throw new Error(`not stored: ${String(file?.error)}`);
  return { ...file, id: file.id };
}

describe.each(['open', 'personal'] as const)('a JPEG file in the domain %s', (domain) => {
  let client: DiceClient;
  const original = writeJpeg(whole);

  beforeAll(async () => {
    client = await registered(server.url, `jpeg-${domain}`, { profileDir: await makeDirectory(), domain });
    const source = await oneUpload(client, 'original.jpg', original);
    expect(source).toMatchObject({ splitter: 'jpeg', patchedTiles: 0 });
    expect(await downloaded(client, source.id)).toEqual(original);
  });

  it.each(domain === 'open' ? copies : copies.slice(-2))('with %s brings next to nothing and comes back exactly', async (name, form, share) => {
    const bytes = writeJpeg(form);
    const copy = await oneUpload(client, `${name}.jpg`, bytes);
    expect(copy.splitter).toBe('jpeg');
    expect(copy.sentBytes).toBeLessThan(share * original.length);
    expect(await downloaded(client, copy.id)).toEqual(bytes);
    expect((await verified(client, copy.id)).file).toMatchObject({ isFileHashRight: true, failedBlocks: 0 });
  });
});

describe('small JPEG files that come together', () => {
  it('are taken apart once: sealed there until one is a copy, and again after one that is none', async () => {
    const splits: string[] = [];
    const local = localTasks(nodeTools);
    const split: Tasks['split'] = (input, source, signal) => {
      splits.push(input.sealFor === undefined ? 'open' : 'sealed');
      return local.split(input, source, signal);
    };
    const client = await registered(server.url, 'jpeg-together', { profileDir: await makeDirectory(), platform: { tasks: { ...local, split } } });
    const elsewhere = (x: number): Uint8Array => writeJpeg({ ...whole, value: (component, block, place) => textured(component, { ...block, x: block.x + x }, place) });
    const files = [writeJpeg(whole), writeJpeg({ ...whole, restart: 5 }), writeJpeg({ ...whole, restart: 7 }), writeJpeg(crop(6, 4)), elsewhere(500), elsewhere(900)];
    const stored = await uploaded(client, Object.fromEntries(files.map((bytes, i) => [`${String(i)}.jpg`, bytes])), { filesInFlight: 1 });
    // The first copy is found too late, and taken apart again.
    expect(splits).toEqual(['sealed', 'sealed', 'open', 'open', 'open', 'open', 'sealed']);
    for (const [i, bytes] of files.entries()) expect(await downloaded(client, stored.get(`${String(i)}.jpg`)?.id ?? '')).toEqual(bytes);
    expect(stored.get('3.jpg')?.patchedTiles ?? 0).toBeGreaterThan(0);
  });
});

describe('a JPEG file whose scan breaks off', () => {
  it('keeps what is before as coefficients, and comes back exactly', async () => {
    const client = await registered(server.url, 'jpeg-broken', { profileDir: await makeDirectory() });
    const bytes = writeJpeg(whole).subarray(0, 60_000);
    const file = await oneUpload(client, 'broken.jpg', bytes);
    expect(await downloaded(client, file.id)).toEqual(bytes);
  });
});
