/**
 * The pages in a real Chromium against the real server: register, upload, block map, check, download, a second profile, the
 * report, the account, invitations, the trash. Nothing may complain in the console. DESIGN.md section 7 (Pages).
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { confirmWords, downloadFromGallery, logIn, register, registerAndEnter, sha256, uploadFiles, visitorPassword, type ChosenFile } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { jpegOf, photograph, withOnePixel } from '../support/sample-images.js';

let browser: TestBrowser;
let server: TestServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
});

afterEach(async () => {
  expect(await browser.endVisits()).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

async function samples(): Promise<{ readonly png: ChosenFile; readonly tiff: ChosenFile; readonly jpeg: ChosenFile }> {
  const pixels = photograph(200, 150, 5);
  return {
    png: { name: 'lake.png', bytes: pngOf(pixels) },
    tiff: { name: 'lake.tiff', bytes: tiffOf(pixels) },
    jpeg: { name: 'hill.jpg', bytes: await jpegOf(photograph(160, 120, 7)) },
  };
}

describe('the pages', () => {
  it('register, keep the words, upload three formats, show saving and block map, check, and give the same bytes back, to a second profile too', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'anna' });
    const files = await samples();
    const sentence = await uploadFiles(page, [files.png, files.jpeg]);
    expect(sentence).toMatch(/^\d+ of \d+ blocks were new: .+ sent instead of .+\.$/);
    // The TIFF has the very pixels of the PNG: none of its tiles is new.
    expect(await uploadFiles(page, [files.tiff])).toMatch(/^[01] of \d+ blocks w(as|ere) new/);
    expect(await uploadFiles(page, [files.png])).toBe('1 file was here already: nothing was sent.');
    expect(await page.locator('#tiles > li').count()).toBe(3);
    await page.waitForSelector('li[data-name="hill.jpg"] canvas');
    for (const file of Object.values(files)) expect(await downloadFromGallery(page, file.name)).toEqual({ fileName: file.name, hash: sha256(file.bytes) });

    await page.click('li[data-name="lake.tiff"] a');
    await page.waitForSelector('#map-summary:has-text("blocks")');
    expect(await page.textContent('#map-summary')).toMatch(/^4 blocks: 0 new, 4 already stored, 0 patched, 0 flat/);
    await page.click('#blocks');
    expect(await page.textContent('#block-facts')).toMatch(/Key KShow keyTag T[0-9a-f]{64}Rehash T1[0-9a-f]{64}Check code H[01]{10}/);
    await page.click('#block-key button');
    expect(await page.textContent('#block-key span')).toMatch(/^[0-9a-f]{64}$/);
    await page.click('#check-one');
    await page.waitForSelector('#block-checks .is-good:nth-child(5)');
    await page.click('#check-all');
    await page.waitForSelector('#check-outcome.is-good:has-text("bit for bit")');

    const other = await browser.visit();
    await logIn(other.page, server.url, { username: 'anna', password: visitorPassword });
    await other.page.waitForSelector('li[data-name="lake.png"]');
    expect((await downloadFromGallery(other.page, 'lake.png')).hash).toBe(sha256(files.png.bytes));
  });

  it('say how little a one-pixel edit sends, and show the edited block alone as patched', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'bert' });
    const pixels = photograph(320, 256, 9);
    await uploadFiles(page, [{ name: 'first.png', bytes: pngOf(pixels) }]);
    await uploadFiles(page, [{ name: 'edited.png', bytes: pngOf(withOnePixel(pixels, 200, 100)) }]);
    await page.click('li[data-name="edited.png"] a');
    await page.waitForSelector('#map-summary:has-text("1 patched")');
    expect(await page.textContent('#map-summary')).toMatch(/^\d+ blocks: 0 new, \d+ already stored, 1 patched, 0 flat/);
  });

  it('refuse a wrong password beside the form, and let the right one in', async () => {
    const { page } = await browser.visit();
    await register(page, `${server.url}/register`, { username: 'carla' });
    const { page: second } = await browser.visit();
    await second.goto(`${server.url}/login`);
    await second.fill('#username', 'carla');
    await second.fill('#password', 'not the password at all');
    // The refusal is an answer of the server, which the console mentions.
    await Promise.all([second.waitForSelector('#form-error:visible'), second.click('#submit')]);
    expect(await second.textContent('#form-error')).toBe('The user name or the password is wrong.');
    browser.forgive(/status of 401/);
    await logIn(second, server.url, { username: 'carla', password: visitorPassword });
  });

  it('keep the gallery closed for upload until the words were entered again', async () => {
    const { page } = await browser.visit();
    const words = await register(page, `${server.url}/register`, { username: 'dora' });
    await page.click('#words-kept');
    await page.click('#confirm-submit');
    expect(await page.textContent('#asked .error:not(:empty)')).toMatch(/^This is not word \d+\.$/);
    await page.goto(`${server.url}/gallery`);
    await page.waitForSelector('#gate:visible');
    expect(await page.isVisible('#drop')).toBe(false);
    await page.goto(`${server.url}/account#words`);
    await page.fill('#words-password', visitorPassword);
    await page.click('#words-submit');
    await page.waitForSelector('#words li:nth-child(24)');
    const fresh = await page.$$eval('#words li', (items) => items.map((item) => item.lastChild?.textContent ?? ''));
    expect(fresh).not.toEqual(words);
    await confirmWords(page, fresh);
    await page.waitForSelector('#words-dialog', { state: 'hidden' });
    await page.goto(`${server.url}/gallery`);
    await page.waitForSelector('#choose:enabled');
  });

  it('share the session with a new tab, and log out for good in both: the page before it opens nothing afterwards', async () => {
    const { page, context } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'emil' });
    const tab = await context.newPage();
    await tab.goto(`${server.url}/gallery`);
    await tab.waitForSelector('#choose:enabled');
    await page.click('#logout');
    await page.waitForURL('**/login');
    await tab.waitForURL('**/login');
    expect(await tab.textContent('#why')).toBe('You logged out in another tab.');
    await page.goto(`${server.url}/gallery`);
    await page.waitForURL('**/login');
    expect(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key === 'dice.session'))).toEqual([]);
  });

  it('change the password in the browser; only the new one opens the account', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'fritz' });
    await page.goto(`${server.url}/account`);
    await page.waitForSelector('#sessions li');
    await page.fill('#current', visitorPassword);
    await page.fill('#password', 'another lantern 88 by the sea');
    await page.fill('#again', 'another lantern 88 by the sea');
    await page.click('#password-submit');
    await page.waitForSelector('.toast:has-text("The password is changed")');
    await page.reload();
    await page.waitForSelector('#sessions li');
    const { page: second } = await browser.visit();
    await logIn(second, server.url, { username: 'fritz', password: 'another lantern 88 by the sea' });
  });
});

describe('the pages of figures and of others', () => {
  it('report figures whose causes add up, as table, CSV and JSON', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'gerda' });
    const { png, tiff } = await samples();
    await uploadFiles(page, [png, tiff, { name: 'copy.png', bytes: png.bytes }]);
    await page.click('#nav-report');
    await page.waitForSelector('#causes table');
    const cells = await page.$$eval('#causes td:last-child', (found) => found.map((cell) => Number(cell.textContent.replaceAll(',', '').replace('−', '-'))));
    const sum = cells.pop();
    expect(cells.reduce((total, value) => total + value, 0)).toBe(sum);
    expect(sum).toBe(figure(await page.locator('#all tr', { hasText: 'savedBytes' }).first().textContent()));
    const [csv] = await Promise.all([page.waitForEvent('download'), page.click('#csv')]);
    expect(csv.suggestedFilename()).toMatch(/^dice-report-gerda-.*\.csv$/);
  });

  it('make an invitation whose link makes one account in the same group, once', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'hanna' });
    await page.goto(`${server.url}/account`);
    await page.waitForSelector('#sessions li');
    await page.click('#invite-submit');
    await page.waitForSelector('#invite-made:visible');
    const link = await page.inputValue('#invite-link');
    expect(link).toMatch(/\/register#/);
    const { page: guest } = await browser.visit();
    const words = await register(guest, link, { username: 'ivan' });
    await confirmWords(guest, words);
    await guest.waitForURL('**/gallery');
    await guest.goto(`${server.url}/account`);
    await guest.waitForSelector('#domain-group:checked');
    await page.reload();
    await page.waitForSelector('#invitations li:has-text("used by ivan")');
  });

  it('show the operator the store, and to nobody else', async () => {
    const { page } = await browser.visit();
    await logIn(page, server.url, { username: 'anna', password: visitorPassword });
    await page.click('#nav-operator');
    await page.waitForSelector('#users table');
    expect(await page.textContent('#users')).toContain('anna (operator)');
    await page.click('#collect');
    await page.waitForSelector('#phase.is-good');
    const { page: other } = await browser.visit();
    await logIn(other, server.url, { username: 'bert', password: visitorPassword });
    expect(await other.isVisible('#nav-operator')).toBe(false);
  });

  it('take to the trash, undo, and remove for good', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'jutta' });
    const { jpeg } = await samples();
    await uploadFiles(page, [jpeg, { name: 'odd <b>name.bin', bytes: Buffer.from('no image at all, '.repeat(40)) }]);
    expect(await page.locator('.tile .name', { hasText: 'odd <b>name.bin' }).count()).toBe(1);
    await page.click('li[data-name="hill.jpg"] button[aria-label^="Remove"]');
    await page.click('.toast button');
    await page.waitForSelector('li[data-name="hill.jpg"]');
    await page.click('li[data-name="hill.jpg"] button[aria-label^="Remove"]');
    await page.waitForSelector('li[data-name="hill.jpg"]', { state: 'detached' });
    await page.goto(`${server.url}/trash`);
    await page.click('li[data-name="hill.jpg"] button[aria-label$="for good"]');
    await page.click('#purge-yes');
    await page.waitForSelector('#empty:visible');
  });

  it('answer an unknown address with a page that leads back', async () => {
    const { page } = await browser.visit();
    const answer = await page.goto(`${server.url}/no/such/page`);
    expect(answer?.status()).toBe(404);
    expect(await page.textContent('h1')).toBe('Not found');
    browser.forgive(/status of 404/);
  });
});

/** A number of a table's row: its last cell. */
function figure(row: string | null): number {
  return Number(/([−\d,]+)$/.exec(row ?? '')?.[1]?.replaceAll(',', '').replace('−', '-'));
}
