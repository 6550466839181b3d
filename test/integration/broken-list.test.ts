/**
 * `dice` where the list ends with the word that the server hides something: what is there is listed, fetched and checked all the same, stdout
 * has one document, and the status is that of an integrity failure.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Person, type CommandResult } from '../support/dice-command.js';
import { TamperingProxy } from '../support/tampering-proxy.js';
import { Workbench } from '../support/workbench.js';

interface Broken {
  readonly images?: readonly { readonly name: string }[];
  readonly files?: readonly { readonly path: string; readonly status: string }[];
  readonly error: { readonly code: string; readonly message: string };
}

let bench: Workbench;
let proxy: TamperingProxy;
let ada: Person;

beforeAll(async () => {
  bench = await Workbench.open();
  proxy = await TamperingProxy.open(bench.server.url);
  ada = new Person({ url: proxy.url, profileDir: bench.path('profile'), username: 'ada' });
  await ada.must(['register', '--recovery-file', bench.path('words.txt')]);
  await mkdir(bench.path('files'));
  for (let i = 0; i < 6; i++) await writeFile(bench.path('files', `${String(i)}.bin`), Uint8Array.from({ length: 3_000 }, (_, at) => (at * at * (i + 3)) >> 3 & 255));
  await ada.must(['upload', bench.path('files')]);
  const { images } = (await ada.must(['list', '--json'])).json<{ readonly images: readonly { readonly id: string; readonly name: string }[] }>();
  const hidden = images.find(({ name }) => name.endsWith('3.bin'))?.id ?? '';
  proxy.tamper = (answer, { path }) => {
    if (path.endsWith(hidden)) return problem('not-found', 404);
    if (!path.includes('/images?')) return answer;
    const { images: listed, ...rest } = JSON.parse(Buffer.from(answer.body).toString()) as { readonly images: readonly { readonly imageId: string }[] }; // a listing has images
    return { ...answer, body: Buffer.from(JSON.stringify({ ...rest, images: listed.filter(({ imageId }) => imageId !== hidden) })) };
  };
}, 60_000);

afterAll(async () => {
  await proxy.close();
  await bench.close();
});

function problem(code: string, status: number) {
  return { status, type: 'application/problem+json', body: Buffer.from(JSON.stringify({ type: `urn:dice:refusal:${code}`, title: 'No.', status, code, requestId: '12345678' })) };
}

const others = ['0', '1', '2', '4', '5'].map((name) => `files/${name}.bin`);

/** The document of a command that ends with the word of the hidden image. */
function brokenDocument(result: CommandResult): Broken {
  expect([result.status, result.stderr]).toEqual([4, expect.stringContaining('does not have, or does not show')]);
  const document = result.json<Broken>();
  expect(document.error.code).toBe('image-omitted');
  return document;
}

const namesIn = ({ images }: Broken): readonly string[] => (images ?? []).map(({ name }) => name).sort();

describe('where the server hides an image', () => {
  it('dice list shows the others in one document, and says so', async () => {
    expect(namesIn(brokenDocument(await ada.dice(['list', '--json'])))).toEqual(others);
  });

  it('dice download --all writes the others, counts them, and says so', async () => {
    const result = await ada.dice(['download', '--all', '-o', bench.path('out'), '--json']);
    expect(namesIn(brokenDocument(result))).toEqual(others);
    expect(result.stderr).toContain('5 images');
    expect((await readdir(bench.path('out', 'files'))).sort()).toEqual(others.map((name) => name.slice('files/'.length)));
  });

  it('dice verify checks the others to the last, counts them, and says so', async () => {
    const result = await ada.dice(['verify', '--json']);
    expect(namesIn(brokenDocument(result))).toEqual(others);
    expect(result.stderr).toContain('0 blocks and 0 images failed');
  });

  it('dice verify of one that is not there says that it may be the hidden one, and nothing else', async () => {
    const result = await ada.dice(['verify', 'nothing.bin', '--json']);
    expect([result.status, result.json<Broken>()]).toMatchObject([4, { images: [], error: { code: 'image-omitted' } }]);
    expect(result.stderr).not.toContain('blocks checked');
  });
});

describe('where the server does not know an image that it has just acknowledged', () => {
  it('dice upload says what it stored, in one document, and then what is wrong', async () => {
    const before = proxy.tamper;
    proxy.tamper = (answer, { method, path }) => (method === 'PUT' && path.endsWith('/account/head') ? problem('request-invalid', 400) : answer);
    await writeFile(bench.path('new.bin'), Uint8Array.from({ length: 900 }, (_, at) => at & 255));
    const result = await ada.dice(['upload', bench.path('new.bin'), '--json']);
    proxy.tamper = before;
    const { files } = brokenDocument(result);
    expect(files).toMatchObject([{ path: bench.path('new.bin'), status: 'stored' }]);
    expect(result.stderr).toContain('1 stored');
  });
});
