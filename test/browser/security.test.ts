/**
 * What a page must withstand: names full of markup, files that are documents, other sites, scripts that make markup of text. And what it
 * is sent: headers, cookies. The visits themselves count every report of the policy as a complaint.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { pngOf } from '../../bench/plain-images.js';
import { launchBrowser, remoteName, type TestBrowser, type Visit } from '../support/browser.js';
import { registerAndEnter, uploadFiles } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';

let browser: TestBrowser;
let server: TestServer;
let visit: Visit;
let page: Page;

const markup = '"><img src=x onerror=alert(1)><script>alert(2)</script>';

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
  visit = await browser.visit();
  ({ page } = visit);
  await registerAndEnter(page, server.url, { username: 'mallory' });
});

afterAll(async () => {
  await visit.close();
  await browser.close();
  await server.close();
});

/** Elements that only markup out of a name could have made. */
async function foreignElements(): Promise<number> {
  return await page.locator('img[src="x"], main script, body > script').count();
}

describe('a name full of markup', () => {
  it('is text wherever a file’s name stands', async () => {
    const name = `${markup}.png`;
    await uploadFiles(page, [{ name, bytes: pngOf(photograph(90, 70, 1)) }]);
    await page.waitForSelector('#tiles canvas');
    expect(await page.locator('#tiles > li').first().getAttribute('data-name')).toBe(name);
    expect(await foreignElements()).toBe(0);
    await page.locator('#tiles > li a').first().click();
    await page.waitForSelector('#map-summary:not(:empty)');
    await page.waitForSelector('#name:not(:text-is("…"))');
    // What stands before the last slash of a name is its folder.
    expect(`${(await page.textContent('#path')) ?? ''}${(await page.textContent('#name')) ?? ''}`).toBe(name);
    expect(await foreignElements()).toBe(0);
  });

  it('is text in the lists of the account, and in what they say aloud', async () => {
    await page.goto(`${server.url}/account`);
    await page.waitForSelector('#sessions li');
    await page.fill('#token-device', markup);
    await page.click('#token-submit');
    await page.waitForSelector('#tokens li');
    expect(await page.textContent('#tokens strong')).toBe(markup);
    expect(await page.getAttribute('#tokens button', 'aria-label')).toContain(markup);
    expect(await foreignElements()).toBe(0);
  });
});

describe('stored content', () => {
  it('is shown as a picture of this page’s own making or not at all, and is saved, never opened', async () => {
    await page.goto(`${server.url}/gallery`);
    await page.waitForSelector('#choose:enabled');
    const files = [['page.html', '<script>alert(1)</script>'], ['drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>']] as const;
    await uploadFiles(page, files.map(([name, text]) => ({ name, bytes: Buffer.from(text.repeat(20)) })));
    for (const [name] of files) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(`li[data-name="${name}"] button[aria-label^="Download"]`)]);
      expect(download.suggestedFilename()).toBe(name);
      expect(await page.locator(`li[data-name="${name}"] canvas`).count()).toBe(0);
    }
    expect(page.url()).toBe(`${server.url}/gallery`);
    await page.waitForSelector('#tiles canvas');
    expect(await page.locator('#tiles :is(img, picture, object, embed, iframe, video)').count()).toBe(0);
  });

  it('makes no page of an answer of the API', async () => {
    const answer = await page.request.get(`${server.url}/api/v1/account`, { headers: { 'sec-fetch-site': 'same-origin' } });
    expect(answer.headers()).toMatchObject({ 'content-type': expect.stringContaining('json'), 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'" });
  });
});

describe('the policy', () => {
  it('lets no text become markup or script, and no worker be anything but the pages’ own', async () => {
    const other = await browser.visit();
    await other.page.goto(`${server.url}/login`);
    const outcomes = await other.page.evaluate(() => {
      const { trustedTypes } = globalThis as unknown as { readonly trustedTypes: { createPolicy(name: string, rules: object): unknown } };
      const attempts: readonly (() => unknown)[] = [
        () => { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); },
        () => { document.body.innerHTML = '<b>x</b>'; },
        () => new Worker('/assets/worker.js'),
        () => { document.createElement('script').src = '/assets/login.js'; },
        () => trustedTypes.createPolicy('another', {}),
        () => trustedTypes.createPolicy('dice-worker', { createScriptURL: (url: string) => url }),
      ];
      return attempts.map((attempt) => {
        try {
          attempt();
          return 'allowed';
        } catch (thrown) {
          return (thrown as Error).name;
        }
      });
    });
    expect(outcomes).toEqual(outcomes.map(() => 'TypeError'));
    expect(other.complaints.length).toBeGreaterThan(0);
    await other.close();
  });

  it('comes with every page, with what keeps windows and frames of others away', async () => {
    for (const path of ['/', '/login', '/gallery', '/account', '/nowhere', '/assets/worker.js']) {
      const headers = (await page.request.get(server.url + path)).headers();
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'.*require-trusted-types-for 'script';trusted-types dice-worker/);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cross-origin-opener-policy': 'same-origin', 'referrer-policy': 'no-referrer' });
    }
    expect((await page.request.get(`${server.url}/assets/site.css`)).headers()).toMatchObject({ 'x-content-type-options': 'nosniff', 'content-type': expect.stringContaining('text/css') });
  });
});

describe('the cookie', () => {
  it('is out of reach of scripts and of other sites, and ends with the browser', async () => {
    const cookies = await visit.context.cookies();
    expect(cookies).toEqual([expect.objectContaining({ name: 'dice', httpOnly: true, sameSite: 'Strict', secure: false, expires: -1 })]);
    expect(await page.evaluate(() => document.cookie)).toBe('');
  });

  it('does not let another site do anything: neither by script nor by a form', async () => {
    await visit.context.route(`http://${remoteName}/**`, (route) => route.fulfill({ contentType: 'text/html', body: '<title>evil</title><link rel="icon" href="data:,"><form method="post" id="f"><input name="a"></form>' }));
    const evil = await visit.context.newPage();
    await evil.goto(`http://${remoteName}/evil`);
    const statuses = await evil.evaluate(async (url) => {
      const answers = [];
      for (const path of ['logout', 'uploads']) {
        answers.push(await fetch(`${url}/api/v1/${path}`, { method: 'POST', credentials: 'include', mode: 'no-cors' }).then(({ type }) => type, () => 'failed'));
      }
      return answers;
    }, server.url);
    expect(statuses.every((status) => status === 'opaque' || status === 'failed')).toBe(true);
    await evil.$eval('#f', (form, url) => {
      // The one form of the page that was made above.
      const own = form as HTMLFormElement;
      own.action = `${url}/api/v1/logout`;
      own.submit();
    }, server.url);
    await evil.waitForURL('**/api/v1/logout');
    expect(await evil.textContent('body')).toContain('origin-not-allowed');
    await evil.close();
    await page.reload();
    await page.waitForSelector('#choose:enabled');
  });
});

describe('the whole visit', () => {
  it('had no complaint but the refusals of the other site', () => {
    visit.forgive(new RegExp(`${remoteName}|status of 403|Failed to load resource|Cross-Origin-Opener-Policy|Origin-Agent-Cluster|blocked by CORS|ERR_BLOCKED`));
    expect(visit.complaints).toEqual([]);
  });
});
