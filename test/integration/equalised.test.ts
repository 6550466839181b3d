/**
 * Pictures that were equalised place by place, through a real server: told as such, kept in fewer bytes than the same noise is
 * worth, in colours as in grey, and exact; their edited copies bring little.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import type { DiceClient, UploadedFile } from '../../client-sdk/api.js';
import { equalise, type GreyBytes, smoothPicture } from '../support/equalised-picture.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { downloaded, registered, uploaded, verified } from '../support/sdk-client.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
const picture = equalise(smoothPicture(400, 300, 7), 2);
let server: TestServer;
let client: DiceClient;

beforeAll(async () => {
  server = await startServer({ graceMs: 0 });
  client = await registered(server.url, 'radiologist', { profileDir: await makeDirectory() });
});

afterAll(async () => {
  await server.close();
});

/** Grey in three channels. */
function inColours({ values, width, height }: GreyBytes): Parameters<typeof pngOf>[0] {
  return { width, height, samples: Uint8Array.from({ length: 3 * values.length }, (_, i) => values[Math.floor(i / 3)] ?? 0) };
}

async function stored(name: string, bytes: Uint8Array): Promise<UploadedFile & { readonly id: string }> {
  const file = (await uploaded(client, { [name]: bytes })).get(name);
  if (file?.id === undefined) throw new Error(`not stored: ${String(file?.error)}`);
  expect(await downloaded(client, file.id)).toEqual(bytes);
  return { ...file, id: file.id };
}

describe('an equalised picture', () => {
  it('is told as such, takes less than it would by its values, and every block of it is right', async () => {
    const file = await stored('equalised.png', pngOf(inColours(picture)));
    const opened = await client.open(file.id);
    expect(opened.description).toMatch(/, equalised in 8 by 8 cells$/);
    // Bits a sample: 2.55 by the values, 1.64 by the levels, and what belongs to a stored file.
    expect(8 * file.sentBytes).toBeLessThan(2.2 * picture.values.length);
    expect((await verified(client, file.id)).file).toMatchObject({ isFileHashRight: true, failedBlocks: 0 });
  });

  it('brings little more as a TIFF, and with a box drawn over it', async () => {
    const first = await stored('first.png', pngOf(inColours(picture)));
    const same = await stored('same.tif', tiffOf(inColours(picture)));
    const { width, values } = picture;
    const boxed = { ...picture, values: values.map((value, at) => (at % width > 150 && at % width < 190 && at > 100 * width && at < 120 * width ? 255 : value)) };
    const edited = await stored('edited.png', pngOf(inColours(boxed)));
    expect(first.blocksSent + same.blocksSent).toBeLessThanOrEqual(2);
    expect(edited.sentBytes).toBeLessThan(0.1 * values.length);
  });
});
