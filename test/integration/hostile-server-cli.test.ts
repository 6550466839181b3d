/**
 * A server that lies, seen through the command line: a typed error, exit status 4, no file under the final name and
 * none beside it; what is honest in the same run comes through. SPEC.md sections 3 and 10.
 */
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { encodeStream, FrameReader, type BlockFrame, type Frame } from '../../client-sdk/protocol/frames.js';
import { Person, type CommandResult } from '../support/dice-command.js';
import { photograph } from '../support/sample-images.js';
import { type Answered, type Tamper, TamperingProxy } from '../support/tampering-proxy.js';
import { Workbench } from '../support/workbench.js';

let bench: Workbench;
let proxy: TamperingProxy;
let ada: Person;
let first: string;
let second: string;

const pictures = { 'first.png': pngOf(photograph(160, 130, 6)), 'second.png': pngOf(photograph(160, 130, 7)) };

interface Uploaded {
  readonly files: readonly { readonly id: string }[];
}

beforeAll(async () => {
  bench = await Workbench.open();
  proxy = await TamperingProxy.open(bench.server.url);
  ada = new Person({ url: proxy.url, profileDir: bench.path('ada'), username: 'ada' });
  await ada.must(['register', '--recovery-file', bench.path('words.txt')]);
  await mkdir(bench.path('pictures'));
  for (const [name, bytes] of Object.entries(pictures)) await writeFile(bench.path('pictures', name), bytes);
  [first, second] = await Promise.all([idOfUpload('first.png'), idOfUpload('second.png')]);
});

beforeEach(() => {
  proxy.tamper = undefined;
});

afterAll(async () => {
  await proxy.close();
  await bench.close();
});

async function idOfUpload(name: string): Promise<string> {
  const [file] = (await ada.must(['upload', bench.path('pictures', name), '--json'])).json<Uploaded>().files;
  if (file === undefined) throw new Error('an upload has a file');
  return file.id;
}

/** Downloads the first picture while the network lies; answers the result and what lies in the folder afterwards. */
async function downloaded(how: Tamper | undefined, options: readonly string[] = [], image = first): Promise<{ readonly result: CommandResult; readonly left: readonly string[] }> {
  const folder = await mkdtemp(bench.path('out-'));
  proxy.tamper = how;
  const result = await ada.dice(['download', image, '-o', path.join(folder, 'first.png'), ...options]);
  proxy.tamper = undefined;
  return { result, left: await readdir(folder) };
}

async function expectRefused(how: Tamper, image = first): Promise<void> {
  const { result, left } = await downloaded(how, ['--json'], image);
  expect({ status: result.status, left, stderr: result.stderr.startsWith('dice: ') }).toEqual({ status: 4, left: [], stderr: true });
  expect(result.json<{ readonly error: { readonly code: string } }>().error.code).toMatch(/^(integrity-failed|sealed-invalid|signature-invalid|recipe-invalid|answer-invalid)$/);
}

const json = (value: unknown): Answered => ({ status: 200, type: 'application/json', body: Buffer.from(JSON.stringify(value)) });
const parsed = ({ body }: Answered): Record<string, unknown> => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>; // what the server answers is an object

function onBlocks(change: (frames: readonly Frame[]) => readonly Frame[]): Tamper {
  return (answer, { path: asked }) => {
    if (!asked.endsWith('/blocks')) return answer;
    return { ...answer, body: concat(...encodeStream(change(new FrameReader().push(answer.body)))) };
  };
}

function flipped(frame: Frame, at: number): Frame {
  if (frame.kind === 'absent') return frame;
  const cipher = frame.cipher.slice();
  cipher[at] = (cipher[at] ?? 0) ^ 1;
  return { ...frame, cipher };
}

/** The record of the first picture, with members of the second one's. */
function onRecord(change: (own: Record<string, unknown>, other: Record<string, unknown>) => unknown): Tamper {
  return async (answer, { path: asked }, ask) => {
    if (!asked.endsWith(first)) return answer;
    return json(change(parsed(answer), parsed(await ask(asked.replace(first, second)))));
  };
}

const cardOf = (record: Record<string, unknown>): Record<string, unknown> => record['card'] as Record<string, unknown>; // a record holds a card

describe('dice download, from a server that', () => {
  it('is honest, succeeds', async () => {
    const { result, left } = await downloaded(undefined);
    expect([result.status, left]).toEqual([0, ['first.png']]);
  });

  it.each<[string, Tamper]>([
    ['flips a bit in a block', onBlocks((frames) => frames.map((frame, i) => (i === 0 ? flipped(frame, 20) : frame)))],
    ['flips a bit in an iv', onBlocks((frames) => frames.map((frame, i) => (i === 0 ? flipped(frame, 0) : frame)))],
    ['drops a block', onBlocks((frames) => frames.slice(1))],
    ['says that it lacks a block', onBlocks((frames) => frames.map((frame, i) => (i === 0 ? { kind: 'absent', rehash: frame.rehash } : frame)))],
    ['swaps two blocks', onBlocks((frames) => [...frames.slice(1, 2), ...frames.slice(0, 1), ...frames.slice(2)])],
    ['swaps the ciphers of two blocks', onBlocks((frames) => {
      const [one, two] = frames as readonly BlockFrame[]; // an honest answer holds blocks alone
      return one === undefined || two === undefined ? frames : [{ ...one, cipher: two.cipher }, { ...two, cipher: one.cipher }, ...frames.slice(2)];
    })],
    ['sends more blocks than were asked', onBlocks((frames) => [...frames, ...frames])],
    ['answers nonsense instead of blocks', (answer, { path: asked }) => (asked.endsWith('/blocks') ? { ...answer, body: Buffer.from('<html>no</html>') } : answer)],
    ['ends the stream before its end', (answer, { path: asked }) => (asked.endsWith('/blocks') ? { ...answer, body: answer.body.subarray(0, -5) } : answer)],
  ])('%s', async (...row) => {
    await expectRefused(row[1]);
  });

  it.each<[string, Tamper]>([
    ['serves another image’s record', onRecord((_own, other) => other)],
    ['serves another image’s record under this id', onRecord((_own, other) => ({ ...other, card: { ...cardOf(other), imageId: first } }))],
    ['serves another image’s manifest', onRecord((own, other) => ({ ...own, manifest: other['manifest'] }))],
    ['serves another image’s manifest with its key', onRecord((own, other) => ({ card: { ...cardOf(own), wrappedKey: cardOf(other)['wrappedKey'] }, manifest: other['manifest'] }))],
    ['serves another image’s entry', onRecord((own, other) => ({ ...own, card: { ...cardOf(own), entry: cardOf(other)['entry'] } }))],
    ['serves a preview in place of the manifest', onRecord((own) => ({ ...own, manifest: cardOf(own)['entry'] }))],
    ['answers nonsense', (answer, { path: asked }) => (asked.endsWith(first) ? json({ card: 1 }) : answer)],
    ['answers no JSON', (answer, { path: asked }) => (asked.endsWith(first) ? { ...answer, body: Buffer.from('{') } : answer)],
    ['answers a status of another protocol', (answer, { path: asked }) => (asked.endsWith(first) ? { status: 418, type: 'text/plain', body: Buffer.from('teapot') } : answer)],
  ])('%s', async (...row) => {
    await expectRefused(row[1]);
  });

  it('lists every image with another one’s entry, where it is asked for one by its name', async () => {
    await expectRefused((answer, { path: asked }) => {
      if (!asked.includes('/images?')) return answer;
      const list = parsed(answer)['images'] as Record<string, unknown>[]; // a listing holds cards
      return json({ images: list.map((card, i) => ({ ...card, entry: list.at(i - 1)?.['entry'] })) });
    }, 'first.png');
  });

  it('dies in the middle of a block, keeps nothing', async () => {
    try {
      await expectRefused(async (answer, { path: asked }) => {
        if (!asked.endsWith('/blocks')) return answer;
        await bench.server.kill();
        return { ...answer, cutAfter: answer.body.length >> 1 };
      });
    } finally {
      await bench.start();
    }
  });
});

describe('dice download --all', () => {
  it('names the image that fails, writes its neighbour, and ends with 4', async () => {
    const folder = await mkdtemp(bench.path('all-'));
    proxy.tamper = (answer, asked, ask) => (asked.path.includes(first) ? onBlocks((frames) => frames.map((frame) => flipped(frame, 30)))(answer, asked, ask) : answer);
    const result = await ada.dice(['download', '--all', '-o', folder, '--json']);
    proxy.tamper = undefined;
    expect(result.status).toBe(4);
    expect(result.stderr).toContain('first.png');
    expect(await readdir(folder)).toEqual(['second.png']);
    expect(await readFile(path.join(folder, 'second.png'))).toEqual(Buffer.from(pictures['second.png']));
    const { images } = result.json<{ readonly images: readonly { readonly name: string; readonly status: string; readonly error?: { readonly code: string } }[] }>();
    expect(images.find(({ name }) => name === 'first.png')).toMatchObject({ status: 'failed', error: { code: 'integrity-failed' } });
  });
});

describe('dice verify', () => {
  it('ends with 4 and names the image, for a flipped block and for another image’s manifest', async () => {
    for (const lie of [onBlocks((frames) => frames.map((frame, i) => (i === 0 ? flipped(frame, 20) : frame))), onRecord((own, other) => ({ ...own, manifest: other['manifest'] }))]) {
      proxy.tamper = lie;
      const result = await ada.dice(['verify', first]);
      expect([result.status, result.stderr]).toEqual([4, expect.stringContaining('first.png')]);
    }
  });
});
