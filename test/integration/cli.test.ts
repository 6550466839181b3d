/**
 * The command line, as a person uses it: every verb against a real server process.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServerProcess } from '../../bench/server-process.js';
import { pngOf } from '../../bench/plain-images.js';
import { Person, run } from '../support/dice-command.js';
import { photograph, writeSamples } from '../support/sample-images.js';

interface UploadDocument {
  readonly files: readonly { readonly path: string; readonly id: string; readonly status: string; readonly splitter: string; readonly sentBytes: number; readonly error?: { readonly code: string } }[];
  readonly totals: { readonly files: number; readonly failed: number; readonly blocks: number; readonly blocksSent: number; readonly sentBytes: number; readonly seconds: number };
}
interface ImagesDocument {
  readonly images: readonly { readonly id: string; readonly name: string; readonly size: number }[];
}

let folder: string;
let server: ServerProcess;
let ada: Person;
let samples: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-cli-'));
  server = await ServerProcess.start({ dataDirectory: path.join(folder, 'data'), environment: { DICE_LOG_LEVEL: 'info' } });
  ada = new Person({ url: server.url, profileDir: path.join(folder, 'ada'), username: 'ada' });
  samples = await writeSamples(path.join(folder, 'pictures'));
  await ada.must(['register', '--recovery-file', path.join(folder, 'words.txt')]);
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function expectSameTree(copy: string): Promise<void> {
  for (const name of samples) {
    // A newline cannot stand in every file system's names, so it is written as an underscore.
    const safe = name.replace(/[\n"]/g, '_');
    expect(await readFile(path.join(copy, 'pictures', safe))).toEqual(await readFile(path.join(folder, 'pictures', name)));
  }
}

describe('a file for recovery words', () => {
  it.each([['register'], ['passwd', '--words']])('is not left behind where none came, by %s', async (...command) => {
    const words = path.join(folder, 'no-words.txt');
    // The name is taken; nobody is logged in.
    const other = new Person({ url: server.url, profileDir: path.join(folder, 'other-ada'), username: 'ada' });
    expect((await other.dice([...command, '--recovery-file', words])).status).toBe(5);
    await expect(stat(words)).rejects.toThrow('ENOENT');
  });
});

describe('dice', () => {
  it('keeps the recovery words in a file of mode 0600 and never overwrites one', async () => {
    const words = path.join(folder, 'words.txt');
    expect((await readFile(words, 'utf8')).trim().split(' ')).toHaveLength(24);
    expect((await stat(words)).mode & 0o777).toBe(0o600);
    const eve = new Person({ url: server.url, profileDir: path.join(folder, 'eve'), username: 'eve' });
    const again = await eve.dice(['register', '--recovery-file', words]);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('words.txt');
  });

  it('uploads a folder, says what it did, and sends no block the second time', async () => {
    const first = (await ada.must(['upload', path.join(folder, 'pictures'), '--json'])).json<UploadDocument>();
    expect(first.totals.files).toBe(samples.length);
    expect(first.totals.failed).toBe(0);
    expect(first.files.map((file) => file.status)).toEqual(samples.map(() => 'stored'));
    const png = first.files.find((file) => file.path.endsWith('pictures/photo.png'));
    expect(png?.splitter).toBe('raster');
    const second = (await ada.must(['upload', path.join(folder, 'pictures'), '--json'])).json<UploadDocument>();
    expect(second.totals.blocksSent).toBe(0);
    expect(second.files.map((file) => file.status)).toEqual(samples.map(() => 'known'));
  });

  it('lists the images and shows one with its splitter and blocks', async () => {
    const { images } = (await ada.must(['list', '--json'])).json<ImagesDocument>();
    expect(images.map((image) => image.name).sort()).toEqual(samples.map((name) => `pictures/${name}`).sort());
    const shown = (await ada.must(['info', 'pictures/photo.png', '--json'])).json<{ readonly splitter: string; readonly blockList: readonly { readonly block: { readonly tag: string } | null }[] }>();
    expect(shown.splitter).toBe('raster');
    expect(shown.blockList.every((entry) => entry.block === null || /^[0-9a-f]{64}$/.test(entry.block.tag))).toBe(true);
    expect(JSON.stringify(shown)).not.toContain('"key"');
  });

  it('tells what was recognised of an image, and what its parts take', async () => {
    interface Shown {
      readonly size: number;
      readonly skeletonBytes: number;
      readonly recipe: { readonly container: string | null; readonly encoders: readonly string[]; readonly correctionBytes: number; readonly parts: readonly { readonly bytes: number }[] };
      readonly costs: { readonly manifestBytes: number; readonly contentBytes: number; readonly listBytes: number; readonly overheadPerContent: number };
    }
    const shown = (await ada.must(['info', 'pictures/photo.png', '--json'])).json<Shown>();
    expect(shown.recipe.container).toBe('PNG');
    expect(shown.recipe.encoders).toHaveLength(1);
    expect(shown.recipe.parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(shown.skeletonBytes);
    expect(shown.costs.contentBytes).toBeGreaterThan(shown.size / 10);
    expect(shown.costs.manifestBytes).toBeGreaterThan(200);
    expect(shown.costs.overheadPerContent).toBeGreaterThan(80);
    expect(shown.costs.overheadPerContent).toBeLessThan(120);
    const { stdout } = await ada.must(['info', 'pictures/photo.png']);
    expect(stdout).toMatch(/container +PNG, \d+ × \d+, 3 × 8 bits/);
    expect(stdout).toMatch(/block bytes +\d+ \([\d.]+ % of the file\)/);
    expect((await ada.must(['info', 'pictures/photo.jpg'])).stdout).toMatch(/splitter +jpeg: JPEG sequential, 8-bit, 3 .*\ncontainer +JPEG, 300 × 200, 3 × 8 bits\n/);
    expect((await ada.must(['info', 'pictures/deep/no image.txt'])).stdout).toMatch(/splitter +bytes/);
  });

  it('downloads the same tree, bit for bit, and leaves alone what is there', async () => {
    const copy = path.join(folder, 'copy');
    await ada.must(['download', '--all', '-o', copy]);
    await expectSameTree(copy);
    const again = (await ada.must(['download', '--all', '-o', copy, '--json'])).json<{ readonly totals: { readonly present: number; readonly written: number } }>();
    expect(again.totals).toMatchObject({ present: samples.length, written: 0 });
    expect((await readdir(copy, { recursive: true })).filter((name) => name.includes('(2)'))).toEqual([]);
  });

  it('downloads one image by name and does not overwrite a file', async () => {
    const target = path.join(folder, 'one.png');
    await ada.must(['download', 'pictures/photo.png', '-o', target]);
    expect(await readFile(target)).toEqual(await readFile(path.join(folder, 'pictures/photo.png')));
    const again = await ada.dice(['download', 'pictures/photo.png', '-o', target]);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('one.png exists');
  });

  it('verifies with H(i) = H(j) for every block', async () => {
    interface Verified {
      readonly images: readonly { readonly isFileHashRight: boolean; readonly blocks: readonly { readonly storedCode: number; readonly receivedCode: number; readonly isCodeEqual: boolean; readonly isDecoded: boolean }[] }[];
    }
    const { images } = (await ada.must(['verify', '--json'])).json<Verified>();
    const blocks = images.flatMap((image) => image.blocks);
    expect(images).toHaveLength(samples.length);
    expect(blocks.length).toBeGreaterThan(20);
    expect(blocks.every((block) => block.isCodeEqual && block.storedCode === block.receivedCode && block.isDecoded)).toBe(true);
    expect(new Set(blocks.map((block) => block.storedCode)).size).toBeGreaterThan(10);
  });

  it('moves to the trash, shows it there, and restores', async () => {
    await ada.must(['rm', 'pictures/photo.jpg']);
    expect((await ada.must(['trash', '--json'])).json<ImagesDocument>().images.map((image) => image.name)).toEqual(['pictures/photo.jpg']);
    expect((await ada.must(['list', '--json'])).json<ImagesDocument>().images).toHaveLength(samples.length - 1);
    await ada.must(['restore', 'pictures/photo.jpg']);
    expect((await ada.must(['list', '--json'])).json<ImagesDocument>().images).toHaveLength(samples.length);
  });

  it('cuts into a grid and dry-runs without storing', async () => {
    const file = path.join(folder, 'grid.png');
    await writeFile(file, pngOf(photograph(320, 240, 21)));
    const dry = (await ada.must(['upload', file, '--grid', '8', '--dry-run', '--json'])).json<UploadDocument>();
    expect(dry.totals.blocksSent).toBeGreaterThan(0);
    await ada.must(['upload', file, '--grid', '8']);
    const shown = (await ada.must(['info', 'grid.png', '--json'])).json<{ readonly blockList: readonly { readonly role: string; readonly region: { readonly width: number; readonly height: number } | null }[] }>();
    const regions = shown.blockList.filter((entry) => entry.role === 'content').map((entry) => entry.region);
    expect(regions).toHaveLength(64);
    expect(regions.every((region) => region?.width === 40 && region.height === 30)).toBe(true);
  });

  it('goes on past a file that cannot be read, names it, and ends with 3', async () => {
    const result = await ada.dice(['upload', path.join(folder, 'no-such-file.png'), path.join(folder, 'grid.png'), '--json']);
    expect(result.status).toBe(3);
    expect(result.stderr).toContain('no-such-file.png');
    expect(result.json<UploadDocument>().files.map((file) => file.status).sort()).toEqual(['failed', 'known']);
  });

  it('ends with 2 for wrong usage and with 5 where nobody is logged in', async () => {
    expect((await ada.dice(['upload', '--grid', '5', folder])).status).toBe(2);
    expect((await ada.dice(['frobnicate'])).status).toBe(2);
    expect((await ada.dice(['download'])).status).toBe(2);
    const nobody = new Person({ url: server.url, profileDir: path.join(folder, 'nobody'), username: 'nobody' });
    expect((await nobody.dice(['list'])).status).toBe(5);
    expect((await nobody.dice(['login'])).status).toBe(5);
    await mkdir(path.join(folder, 'nobody'), { recursive: true });
  });

  it('reports figures that add up, as JSON and CSV under the same names', async () => {
    interface Row { readonly name: string; readonly value: number }
    const report = (await ada.must(['report', '--json'])).json<{ readonly figures: readonly Row[]; readonly causes: readonly Row[] }>();
    const figure = (name: string): number => report.figures.find((row) => row.name === name)?.value ?? NaN;
    expect(figure('storedBytes')).toBe(figure('cipherBytes') + figure('manifestBytes') + figure('entryBytes') + figure('previewBytes') + figure('recordBytes'));
    expect(report.causes.reduce((sum, row) => sum + row.value, 0)).toBe(figure('savedBytes'));
    const csv = (await ada.must(['report', '--csv'])).stdout;
    for (const row of report.figures) expect(csv).toContain(`figures,,${row.name},${String(row.value)},`);
  });
});

describe('dice accounts', () => {
  it('change the password, after which the old one is refused', async () => {
    const bob = new Person({ url: server.url, profileDir: path.join(folder, 'bob'), username: 'bob' });
    await bob.must(['register', '--recovery-file', path.join(folder, 'bob-words.txt')]);
    await writeFile(path.join(folder, 'next.txt'), 'a much newer secret of bob\n');
    await bob.must(['passwd', '--new-password-file', path.join(folder, 'next.txt')]);
    expect((await bob.dice(['list'])).status).toBe(0);
    expect((await bob.dice(['login'])).status).toBe(5);
    const renewed = new Person({ url: server.url, profileDir: path.join(folder, 'bob'), username: 'bob', password: 'a much newer secret of bob' });
    await renewed.must(['login']);
  });

  it('recover by the words of the file, with a new password', async () => {
    const bob = new Person({ url: server.url, profileDir: path.join(folder, 'bob2'), username: 'bob', password: 'the third secret of bob' });
    await bob.must(['recover', '--recovery-file', path.join(folder, 'bob-words.txt')]);
    await bob.must(['whoami']);
    const wrong = path.join(folder, 'wrong-words.txt');
    await writeFile(wrong, `${'abandon '.repeat(23)}art\n`);
    expect((await bob.dice(['recover', '--recovery-file', wrong])).status).toBe(5);
  });

  it('invite: the guest shares the group, and its equal image sends no tile', async () => {
    const { link } = (await ada.must(['invite', '--json'])).json<{ readonly link: string }>();
    const guest = new Person({ url: server.url, profileDir: path.join(folder, 'guest'), username: 'guest' });
    await guest.must(['register', '--invitation', link, '--recovery-file', path.join(folder, 'guest-words.txt')]);
    expect((await guest.must(['whoami', '--json'])).json<{ readonly domain: string }>().domain).toBe('group');
    const other = new Person({ url: server.url, profileDir: path.join(folder, 'other'), username: 'other' });
    const reused = await other.dice(['register', '--invitation', link, '--recovery-file', path.join(folder, 'other-words.txt')]);
    expect(reused.status).toBe(5);
  });

  it('list and end sessions, and make profiles for programs', async () => {
    const program = path.join(folder, 'program');
    await ada.must(['tokens', '--device', 'nightly copy', '-o', program]);
    const robot = new Person({ url: server.url, profileDir: program, username: 'ada' });
    await robot.must(['list']);
    const { sessions } = (await ada.must(['sessions', '--json'])).json<{ readonly sessions: readonly { readonly sessionId: string; readonly device: string | null }[] }>();
    const token = sessions.find((session) => session.device === 'nightly copy');
    await ada.must(['sessions', '--end', token?.sessionId ?? '']);
    expect((await robot.dice(['list'])).status).toBe(5);
  });

  it('log out, after which the profile opens nothing', async () => {
    const bob = new Person({ url: server.url, profileDir: path.join(folder, 'bob2'), username: 'bob' });
    await bob.must(['logout']);
    expect((await bob.dice(['list'])).status).toBe(5);
    expect(await readdir(path.join(folder, 'bob2'))).toEqual([]);
  });

  it('are counted for the operator by dice-admin once the server has stopped', async () => {
    await server.stop();
    const users = await run('dice-admin', ['users', '--json', '--data-dir', path.join(folder, 'data')]);
    expect(users.status).toBe(0);
    expect(users.stdout).toContain('"ada"');
    const check = await run('dice-admin', ['check', '--json', '--data-dir', path.join(folder, 'data')]);
    expect(check.status).toBe(0);
  });
});
