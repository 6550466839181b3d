/**
 * The SDK against the real server: what goes up comes down, and every other thing that a person does with an account.
 */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import type { DiceClient, Image, UploadFile } from '../../client-sdk/api.js';
import { fault } from '../../client-sdk/core/errors.js';
import { csvOfFigures } from '../../client-sdk/figures.js';
import { bytesForUpload } from '../../client-sdk/memory-file.js';
import { makePreview } from '../../client-sdk/node/preview.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { jpegOf, photograph, withOnePixel } from '../support/sample-images.js';
import { clientOf, codeOf, downloaded, registered, storedId, testPassword, uploaded, verified } from '../support/sdk-client.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

const picture = photograph(200, 150, 2);
const noise = Uint8Array.from({ length: 280_000 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 0xff);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('files', () => {
  const files = {
    'photo.png': pngOf(picture), 'scans/photo.tif': tiffOf(picture), 'noise.bin': noise,
    'empty.bin': new Uint8Array(), 'few words.txt': new TextEncoder().encode('only a few words'), 'cut.png': pngOf(picture).subarray(0, 5_000),
  };
  let client: DiceClient;

  beforeAll(async () => {
    client = await registered(server.url, 'files');
  });

  it('come back byte for byte, whichever splitter took them', async () => {
    const results = await uploaded(client, files);
    expect([...results.values()].map(({ status }) => status)).toEqual(Object.keys(files).map(() => 'stored'));
    expect(results.get('photo.png')?.splitter).toBe('raster');
    expect(results.get('cut.png')?.splitter).toBe('bytes');
    for (const [name, bytes] of Object.entries(files)) {
      const image = await client.find(name);
      expect(image.size).toBe(bytes.length);
      expect(Buffer.from(await downloaded(client, image.id)).equals(bytes)).toBe(true);
      const { blocks, file } = await verified(client, image.id);
      expect(file).toMatchObject({ isFileHashRight: true, failedBlocks: 0, blocks: blocks.length });
      expect(blocks.every((block) => block.isFetched && block.isCodeEqual && block.isHashRight && block.isKeyRight && block.isDecoded)).toBe(true);
    }
  });

  it('of the same pixels share all their tiles', async () => {
    const again = await registered(server.url, 'sharing');
    const first = (await uploaded(again, { 'a.png': pngOf(picture) })).get('a.png');
    const second = (await uploaded(again, { 'b.tif': tiffOf(picture) })).get('b.tif');
    expect(first?.blocksSent).toBeGreaterThanOrEqual(4);
    expect(second?.blocksSent).toBeLessThanOrEqual(2);
  });

  it('that are there already are known, and nothing is sent', async () => {
    const results = [...(await uploaded(client, files)).values()];
    expect(results.every(({ status, sentBytes, blocksSent }) => status === 'known' && sentBytes === 0 && blocksSent === 0)).toBe(true);
    expect(await all(client.list())).toHaveLength(Object.keys(files).length);
  });

  it('with a changed pixel send little', async () => {
    const large = photograph(320, 320, 4);
    const whole = (await uploaded(client, { 'large.png': pngOf(large) })).get('large.png');
    const edited = (await uploaded(client, { 'edited.png': pngOf(withOnePixel(large, 150, 150)) })).get('edited.png');
    expect(edited?.status).toBe('stored');
    expect(edited?.blocksSent).toBeLessThanOrEqual(3);
    expect((edited?.sentBytes ?? 0) / (whole?.sentBytes ?? 1)).toBeLessThan(0.2);
  });

  it('that fail do not stop their neighbours', async () => {
    const failing: UploadFile = { name: 'gone.png', open: () => Promise.reject(fault('file-unreadable', '"gone.png"')) };
    const changing: UploadFile = {
      name: 'changing.bin',
      async open() {
        return { ...(await bytesForUpload('', noise.slice(0, 300)).open()), isUnchanged: () => Promise.resolve(false) };
      },
    };
    const given = [failing, bytesForUpload('bad\0name', noise), changing, bytesForUpload('neighbour.bin', noise.slice(0, 1000))];
    const results = new Map((await all(client.upload(given))).map((result) => [result.name, result]));
    expect(results.get('gone.png')?.error?.code).toBe('file-unreadable');
    expect(results.get('bad\0name')?.error?.code).toBe('name-invalid');
    expect(results.get('changing.bin')?.error?.code).toBe('file-changed');
    expect(results.get('neighbour.bin')?.status).toBe('stored');
    expect(await codeOf(client.find('changing.bin'))).toBe('image-unknown');
  });

  it('of a dry run are weighed and not stored', async () => {
    const before = await client.usage();
    const bytes = pngOf(photograph(256, 128, 77));
    const dry = (await uploaded(client, { 'dry.png': bytes }, { dryRun: true })).get('dry.png');
    expect(dry).toMatchObject({ status: 'stored', id: undefined });
    expect(dry?.blocksSent).toBeGreaterThanOrEqual(2);
    expect(await client.usage()).toEqual(before);
    expect(await codeOf(client.find('dry.png'))).toBe('image-unknown');
  });

  it('with equal names and other bytes are two images, and the name alone is ambiguous', async () => {
    const ids = [await storedId(client, 'twice', noise.slice(1, 500)), await storedId(client, 'twice', noise.slice(2, 500))];
    expect(await codeOf(client.find('twice'))).toBe('image-ambiguous');
    expect((await client.find(ids[0] ?? '')).id).toBe(ids[0]);
  });

  it('given twice in one run are stored once', async () => {
    const results = await all(client.upload([bytesForUpload('same.bin', noise.slice(5, 900)), bytesForUpload('same.bin', noise.slice(5, 900))]));
    expect(results.map(({ status }) => status).sort()).toEqual(['known', 'stored']);
  });

  it('are shown to their owner with regions, tags, keys and check codes', async () => {
    const opened = await client.open((await client.find('photo.png')).id);
    expect(opened).toMatchObject({ splitter: 'raster', picture: { width: 200, height: 150 } });
    const contents = opened.blocks.filter(({ role }) => role === 'content');
    expect(contents.length).toBe(4);
    expect(contents.every(({ block, region }) => region !== undefined && block !== undefined && block.tag.length === 64 && block.key.length === 64)).toBe(true);
  });
});

describe('the fingerprint cache', () => {
  it('spares coding, remembers an interrupted session, holds no plain tag and is erased by logout', async () => {
    const profileDir = await mkdtemp(path.join(tmpdir(), 'dice-profile-'));
    try {
      const client = await registered(server.url, 'cached', { profileDir });
      const id = await storedId(client, 'a.png', pngOf(picture));
      const { blocks } = await client.open(id);
      const second = (await uploaded(client, { 'b.tif': tiffOf(picture) })).get('b.tif');
      expect(second?.blocksSent).toBeLessThanOrEqual(2);
      const [file] = (await readdir(profileDir)).filter((name) => name.endsWith('.sqlite'));
      const kept = Buffer.concat(await Promise.all((await readdir(profileDir)).map((name) => readFile(path.join(profileDir, name)))));
      expect((await stat(path.join(profileDir, file ?? ''))).mode & 0o777).toBe(0o600);
      for (const { block } of blocks) if (block !== undefined) expect(kept.includes(Buffer.from(block.tag, 'hex'))).toBe(false);
      for (let tries = 0; tries < 20; tries++) {
        const failing = { name: 'bad\0name', open: () => Promise.reject(fault('file-unreadable')) };
        await all(client.upload([failing, bytesForUpload(`file ${String(tries)}`, noise.slice(tries, 2_000))]));
      }
      await client.logout();
      expect(await readdir(profileDir)).toEqual([]);
    } finally {
      await rm(profileDir, { recursive: true, force: true });
    }
  });
});

describe('a small picture', () => {
  it('is its own preview where its file is small, and a new one where it is not', async () => {
    const client = await registered(server.url, 'previews', { platform: { makePreview } });
    const [small, large] = [await jpegOf(photograph(120, 90, 5)), await jpegOf(photograph(600, 450, 6), 95)];
    expect([small.length <= 32_768, large.length > 32_768]).toEqual([true, true]);
    await uploaded(client, { 'small.jpg': small, 'large.jpg': large, 'words.txt': new TextEncoder().encode('only a few words') });
    const previewOf = async (name: string): Promise<Uint8Array | undefined> => client.preview((await client.find(name)).id);
    expect((await client.find('small.jpg')).hasPreview).toBe(true);
    expect(await previewOf('small.jpg')).toEqual(small);
    const made = await previewOf('large.jpg');
    expect(Buffer.from(made ?? []).toString('latin1', 8, 12)).toBe('WEBP');
    expect(made?.length).toBeLessThanOrEqual(Math.max(4_096, large.length / 32));
    expect([(await client.find('words.txt')).hasPreview, await previewOf('words.txt')]).toEqual([false, undefined]);
    expect((await client.usage()).previewBytes).toBeLessThan(small.length);
  });
});

describe('the trash', () => {
  it('keeps an image until it is restored or purged', async () => {
    const client = await registered(server.url, 'trash');
    const id = await storedId(client, 'bin', noise.slice(0, 4_000));
    const names = async (trash: boolean): Promise<string[]> => (await all(client.list({ trash }))).map((image: Image) => image.name);
    await client.remove(id);
    expect([await names(false), await names(true)]).toEqual([[], ['bin']]);
    await client.restore(id);
    expect(await names(false)).toEqual(['bin']);
    await client.remove(id);
    await client.purge(id);
    expect([await names(false), await names(true)]).toEqual([[], []]);
    expect(await codeOf(downloaded(client, id))).toBe('not-found');
    expect(await codeOf(client.remove('no id'))).toBe('image-unknown');
  });
});

describe('the report', () => {
  it('adds up to the byte, and its CSV has the same numbers', async () => {
    const client = await registered(server.url, 'report');
    await uploaded(client, { 'a.png': pngOf(picture), 'b.tif': tiffOf(picture), 'copy.png': pngOf(picture), 'c.bin': noise });
    const report = await client.report();
    const figure = (name: string): number => report.figures.find((row) => row.name === name)?.value ?? NaN;
    const usage = await client.usage();
    expect(figure('logicalBytes')).toBe(2 * pngOf(picture).length + tiffOf(picture).length + noise.length);
    expect(figure('storedBytes')).toBe(usage.cipherBytes + usage.manifestBytes + usage.entryBytes + usage.previewBytes + usage.recordBytes);
    expect(report.causes.reduce((sum, row) => sum + row.value, 0)).toBe(figure('savedBytes'));
    expect(report.formats.reduce((sum, row) => sum + row.logicalBytes, 0)).toBe(figure('logicalBytes'));
    expect(report.days.reduce((sum, row) => sum + row.newCipherBytes, 0)).toBe(figure('cipherBytes'));
    const csv = csvOfFigures(report);
    for (const row of report.figures) expect(csv).toContain(`figures,,${row.name},${String(row.value)},`);
  });
});

describe('credentials', () => {
  it('change: the new password works, the old one and all other sessions end', async () => {
    const [one, two] = [await registered(server.url, 'change'), await clientOf(server.url)];
    await two.login({ username: 'Change', password: testPassword });
    await storedId(one, 'kept', noise.slice(0, 300));
    expect(await codeOf(one.changePassword({ current: 'something else entirely', next: 'nine purple whales' }))).toBe('credentials-wrong');
    expect(await codeOf(one.changePassword({ current: testPassword, next: 'short' }))).toBe('password-weak');
    await one.changePassword({ current: testPassword, next: 'nine purple whales' });
    expect((await all(one.list())).map(({ name }) => name)).toEqual(['kept']);
    expect(await codeOf(two.usage())).toBe('unauthenticated');
    expect(await codeOf(two.login({ username: 'change', password: testPassword }))).toBe('credentials-wrong');
    await two.login({ username: 'change', password: 'nine purple whales' });
    expect((await all(two.list())).map(({ name }) => name)).toEqual(['kept']);
  });

  it('are recovered with the words, and new words end the old ones', async () => {
    const client = await clientOf(server.url);
    const { recoveryWords } = await client.register({ username: 'forgetful', password: testPassword });
    await storedId(client, 'kept', noise.slice(0, 300));
    const other = await clientOf(server.url);
    await other.recover({ username: 'forgetful', recoveryWords: ` ${recoveryWords.toUpperCase()} `, newPassword: 'nine purple whales' });
    expect((await all(other.list())).map(({ name }) => name)).toEqual(['kept']);
    const next = await other.changeRecoveryWords({ password: 'nine purple whales' });
    const again = { username: 'forgetful', newPassword: 'eleven green mice' };
    expect(await codeOf((await clientOf(server.url)).recover({ ...again, recoveryWords }))).toBe('credentials-wrong');
    await (await clientOf(server.url)).recover({ ...again, recoveryWords: next.recoveryWords });
  });

  it('of a wrong user and a wrong password look the same', async () => {
    const client = await clientOf(server.url);
    expect(await codeOf(client.login({ username: 'nobody-here', password: testPassword }))).toBe('credentials-wrong');
    expect(await codeOf(client.login({ username: 'files', password: 'not the password' }))).toBe('credentials-wrong');
  });
});

describe('sessions', () => {
  it('are saved, resumed, listed and ended', async () => {
    const client = await registered(server.url, 'resume');
    const saved = JSON.parse(JSON.stringify(await client.saveSession())) as Awaited<ReturnType<DiceClient['saveSession']>>;
    const other = await clientOf(server.url);
    await other.resumeSession(saved);
    expect(other.account?.username).toBe('resume');
    const token = await client.makeToken({ device: 'camera', days: 3 });
    expect((await client.sessions()).map(({ kind }) => kind).sort()).toEqual(['bearer', 'token']);
    const program = await clientOf(server.url);
    await program.resumeSession(token.session);
    await client.endSession(token.sessionId);
    expect(await codeOf(program.usage())).toBe('unauthenticated');
    await client.logout();
    expect(client.account).toBeUndefined();
    expect(await codeOf(other.usage())).toBe('unauthenticated');
    expect(await codeOf(other.resumeSession(saved))).toBe('unauthenticated');
    expect(await codeOf(other.resumeSession({ ...saved, serverId: '0'.repeat(32) }))).toBe('argument-invalid');
    expect(await codeOf(client.usage())).toBe('unauthenticated');
  });
});
