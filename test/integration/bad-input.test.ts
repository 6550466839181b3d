/**
 * Strange files and strange names through the command line: kept exactly, or refused by name; never a crash, never a lost
 * neighbour, and nothing ever written outside the folder that was asked for.
 */
import { mkdir, mkdtemp, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bytesForUpload, connect, loadProfile, type DiceClient } from '../../client-sdk/node/index.js';
import type { Person } from '../support/dice-command.js';
import { hostileFiles } from '../support/hostile-files.js';
import { Workbench } from '../support/workbench.js';

interface Uploaded {
  readonly files: readonly { readonly path: string; readonly name: string; readonly status: string; readonly blocks: number; readonly error?: { readonly code: string; readonly message: string } }[];
}
interface Downloaded {
  readonly images: readonly { readonly name: string; readonly path?: string; readonly status: string }[];
}

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open({ DICE_MAX_IMAGE_BYTES: '900000000' });
});

afterAll(async () => {
  await bench.close();
});

async function writeTree(root: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [name, bytes] of files) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), bytes);
  }
}

/** A client in this process over the profile of a person, for names that no file system has. */
async function clientOf(person: Person): Promise<DiceClient> {
  const client = await connect(person.url, { profileDir: person.profileDir });
  const session = await loadProfile(person.profileDir);
  if (session === undefined) throw new Error('the person is not logged in');
  await client.resumeSession(session);
  return client;
}

async function storeNames(person: Person, names: readonly string[]): Promise<void> {
  const client = await clientOf(person);
  for await (const result of client.upload(names.map((name) => bytesForUpload(name, bytesNamed(name))))) {
    if (result.status !== 'stored') throw new Error(`${JSON.stringify(result.name)}: ${String(result.error)}`);
  }
  await client.close();
}

const bytesNamed = (name: string): Uint8Array => new TextEncoder().encode(`the file called ${name}`);

describe('hostile and truncated images', () => {
  it('are all kept exactly, beside an empty file and under long names', async () => {
    const ada = await bench.person('ada');
    const long = `${'a'.repeat(150)}/${'b'.repeat(146)}.png`;
    const files = new Map([...(await hostileFiles()), ['empty.png', new Uint8Array()], ['one byte', Uint8Array.of(7)], ['line\nbreak\tand \\ and "quotes"', bytesNamed('x')], [long, bytesNamed('long')]]);
    expect(long).toHaveLength(301);
    const root = bench.path('hostile');
    await writeTree(root, files);
    const { files: rows } = (await ada.must(['upload', root, '--json'])).json<Uploaded>();
    expect(rows.map(({ name }) => name).sort()).toEqual([...files.keys()].map((name) => `hostile/${name}`).sort());
    expect(rows.find(({ name }) => name === 'hostile/empty.png')).toMatchObject({ status: 'stored', blocks: 0 });
    const copy = bench.path('copy');
    const { images } = (await ada.must(['download', '--all', '-o', copy, '--json'])).json<Downloaded>();
    expect(images).toHaveLength(files.size);
    for (const image of images) expect(await readFile(image.path ?? '')).toEqual(Buffer.from(files.get(image.name.replace('hostile/', '')) ?? []));
    await ada.must(['verify']);
  });
});

describe('a file that cannot be kept', () => {
  it('is refused by its name, and its neighbours go on', async () => {
    const bob = await bench.person('bob');
    const root = bench.path('mixed');
    const tooLong = `${Array.from({ length: 4 }, () => '日'.repeat(70)).join('/')}/end.png`;
    await writeTree(root, new Map([['before.txt', bytesNamed('1')], [tooLong, bytesNamed('2')], ['too large.bin', bytesNamed('3')], ['zz after.txt', bytesNamed('4')]]));
    await truncate(path.join(root, 'too large.bin'), 1_000_000_000);
    await symlink('/nowhere', path.join(root, 'dangling link'));
    const result = await bob.dice(['upload', root, path.join(root, 'never there'), '/dev/null', '--json']);
    expect(result.status).toBe(3);
    const rows = new Map(result.json<Uploaded>().files.map((row) => [row.name, row]));
    expect([...rows.values()].filter(({ status }) => status === 'stored').map(({ name }) => name).sort()).toEqual(['mixed/before.txt', 'mixed/zz after.txt']);
    expect(rows.get(`mixed/${tooLong}`)?.error).toMatchObject({ code: 'name-invalid', message: expect.stringMatching(/800 bytes/) });
    expect(rows.get('mixed/too large.bin')?.error).toMatchObject({ code: 'image-too-large', message: expect.stringMatching(/1000000000 bytes/) });
    expect(rows.get('never there')?.error).toMatchObject({ code: 'file-unreadable' });
    expect(rows.get('null')?.error).toMatchObject({ code: 'file-unreadable', message: expect.stringMatching(/no regular file/) });
    for (const name of ['end.png', 'too large.bin', 'never there', 'null']) expect(result.stderr).toContain(name);
  });
});

describe('a stored name', () => {
  const climbing = ['../../climbed', '/absolute/path', '..\\..\\windows', 'C:\\drive', 'con', '..', '.', '/', 'a/../../b', 'ends with dots...', '\u001b]0;title\u0007', '\u009b31mred', `${'n'.repeat(296)}.png`, 'tree', 'tree/under a file'];

  it('never leads outside the folder, whatever it is; each image gets a file of its own', async () => {
    const eve = await bench.person('eve');
    await storeNames(eve, climbing);
    const outer = await mkdtemp(bench.path('outer-'));
    const folder = path.join(outer, 'inner');
    const result = await eve.must(['download', '--all', '-o', folder, '--json']);
    const { images } = result.json<Downloaded>();
    expect(images.map(({ status }) => status)).toEqual(climbing.map(() => 'written'));
    expect(new Set(images.map((image) => image.path)).size).toBe(climbing.length);
    expect(await readdir(outer)).toEqual(['inner']);
    for (const image of images) expect(await readFile(image.path ?? '')).toEqual(Buffer.from(bytesNamed(image.name)));
    // The same once more: everything is recognised where it lies.
    const again = (await eve.must(['download', '--all', '-o', folder, '--json'])).json<Downloaded>();
    expect(again.images.map(({ status }) => status)).toEqual(climbing.map(() => 'present'));
  });

  it('never steers the terminal, in no verb', async () => {
    const eve = bench.person('eva');
    const names = ['\u001b[2Jesc', '\u009b2Jcsi', '\u202etxt.exe', 'del\u007f', 'cr\rlf\nforged  row'];
    await storeNames(await eve, names);
    const folder = await mkdtemp(bench.path('terminal-'));
    const outputs = await Promise.all([
      ['list'], ['verify'], ['info', names[1] ?? ''], ['download', names[1] ?? '', '-o', folder], ['download', '--all', '-o', path.join(folder, 'all')],
      ['download', 'no such \u009b2J image'], ['list', '--json'],
    ].map(async (args) => (await eve).dice(args)));
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(outputs[0]?.stdout.trim().split('\n')).toHaveLength(names.length);
    expect(outputs[6]?.json<Downloaded>().images.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it('does not follow a link that leads out of the folder, and its neighbour is written', async () => {
    const mallory = await bench.person('mallory');
    await storeNames(mallory, ['link/deep/er.txt', 'plain.txt']);
    const outside = await mkdtemp(bench.path('outside-'));
    const folder = await mkdtemp(bench.path('linked-'));
    await symlink(outside, path.join(folder, 'link'));
    await symlink(path.join(outside, 'by link'), path.join(folder, 'plain.txt'));
    const result = await mallory.dice(['download', '--all', '-o', folder]);
    expect([result.status, result.stderr]).toEqual([3, expect.stringContaining('link/deep/er.txt')]);
    expect(await readdir(outside)).toEqual([]);
    expect(await readFile(path.join(folder, 'plain.txt'))).toEqual(Buffer.from(bytesNamed('plain.txt')));
    expect((await stat(outside)).isDirectory()).toBe(true);
  });
});
