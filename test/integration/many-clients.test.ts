/**
 * 64 clients that send the same new file at once: no error, 64 owners, and one copy on the disk after merging, as the
 * operator's command measures it.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { photograph } from '../support/sample-images.js';
import { downloaded, registered, storedId } from '../support/sdk-client.js';
import { Workbench } from '../support/workbench.js';

const clientCount = 64;
const file = pngOf(photograph(90, 80, 3));

type Figures = Readonly<Record<'accounts' | 'images' | 'blocks' | 'cipherBytes' | 'referencedCipherBytes' | 'packFileBytes' | 'diskBytes', number>>;

let bench: Workbench;

afterEach(async () => {
  await bench.close();
});

async function packBytes(): Promise<number> {
  const folder = path.join(bench.data, 'packs');
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(path.join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe(`${String(clientCount)} clients that send the same new file at once`, () => {
  it('all succeed, all own it, and after merging there is one copy', async () => {
    bench = await Workbench.open();
    const { url } = bench.server;
    const clients = await Promise.all(Array.from({ length: clientCount }, (_, i) => registered(url, `client-${String(i)}`, { domain: 'open' })));
    await bench.whileStopped(() => bench.admin(['gc']));
    const before = await packBytes();
    const ids = await Promise.all(clients.map((client) => storedId(client, 'same.png', file)));
    expect(new Set(ids).size).toBe(clientCount);
    await bench.stop();
    const spread = (await bench.admin(['report', '--json'])).json<Figures>();
    const written = (await packBytes()) - before;
    expect((await bench.admin(['gc', '--json'])).json()).toMatchObject({ mergedCopies: expect.any(Number) });
    const merged = (await bench.admin(['report', '--json'])).json<Figures>();
    const kept = (await packBytes()) - before;
    expect(merged).toMatchObject({ accounts: clientCount, images: clientCount, cipherBytes: spread.cipherBytes });
    // What every owner refers to is stored once; what is left beside it are 64 manifests.
    expect(merged.referencedCipherBytes).toBe(clientCount * merged.cipherBytes);
    expect(written).toBeGreaterThan(clientCount * merged.cipherBytes);
    expect(kept - merged.cipherBytes).toBeLessThan(clientCount * 4_096);
    expect(kept).toBeLessThan(written / 8);
    expect((await bench.admin(['check', '--json'])).json()).toMatchObject({ findings: 0 });
    await bench.start();
    for (const [i, client] of clients.entries()) if (i % 21 === 0) expect(Buffer.from(await downloaded(client, ids[i] ?? '')).equals(file)).toBe(true);
  }, 120_000);
});
