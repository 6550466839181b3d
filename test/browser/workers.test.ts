/**
 * Work on files in several Web Workers of a page: more than one is started for it, and the blocks are those that Node makes, so that the
 * same files by the command line's SDK send none. SPEC.md section 12.
 */
import { describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { downloadFromGallery, registerAndEnter, sha256, uploadFiles, visitorPassword } from '../support/page-visitor.js';
import { servedBrowser } from '../support/served-browser.js';
import { photograph } from '../support/sample-images.js';
import { clientOf, uploaded } from '../support/sdk-client.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';

const at = servedBrowser();

describe('the work of a page', () => {
  it('is done in several workers, and makes the same blocks as Node', async () => {
    const files = [1, 2, 3, 4].map((seed) => ({ name: `lake ${String(seed)}.png`, bytes: pngOf(photograph(560, 420, seed)) }));
    const started = await at.browser.watchWorkers();
    const visit = await at.browser.visit();
    await registerAndEnter(visit.page, at.server.url, { username: 'wanda' });
    const sentence = await uploadFiles(visit.page, files);
    expect(sentence).toMatch(/^\d+ of \d+ blocks were new/);
    expect(await visit.page.evaluate(() => navigator.hardwareConcurrency)).toBeGreaterThan(1);
    expect(started().filter((name) => name === 'dice-task').length).toBeGreaterThan(1);
    expect(started().filter((name) => name === 'dice').length).toBeGreaterThan(0);
    for (const { name, bytes } of files) expect((await downloadFromGallery(visit.page, name)).hash).toBe(sha256(bytes));
    expect(visit.complaints).toEqual([]);
    await visit.close();
    const client = await clientOf(at.server.url, { platform: { crypto: nodeProvider } });
    await client.login({ username: 'wanda', password: visitorPassword });
    const again = await uploaded(client, Object.fromEntries(files.map(({ name, bytes }) => [`copy of ${name}`, bytes])));
    for (const result of again.values()) expect(result).toMatchObject({ status: 'stored', blocksSent: 0 });
    await client.close();
  });
});
